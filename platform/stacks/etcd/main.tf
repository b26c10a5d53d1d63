# The etcd cluster: a fixed, odd number of members in an autoscaling group of their own.
locals {
  stack = "etcd"
  role  = "etcd"

  cloudinit_bucket = data.terraform_remote_state.s3.outputs.bucket_names["cloudinit"]

  # Members publish themselves here; nodes of other kinds read it to find them.
  initial_cluster_url = "s3://${local.cloudinit_bucket}/etcd/initial-cluster"
}

data "terraform_remote_state" "vpc" {
  backend = "local"

  config = {
    path = "${path.module}/../vpc/terraform.tfstate"
  }
}

data "terraform_remote_state" "s3" {
  backend = "local"

  config = {
    path = "${path.module}/../s3/terraform.tfstate"
  }
}

data "terraform_remote_state" "iam" {
  backend = "local"

  config = {
    path = "${path.module}/../iam/terraform.tfstate"
  }
}

module "node_config" {
  source = "../../modules/node-config"

  cluster_name     = var.cluster_name
  role             = local.role
  update_channel   = var.update_channel
  cloudinit_bucket = local.cloudinit_bucket

  environment = {
    TERRACE_REGION               = var.region
    TERRACE_ETCD_INITIAL_CLUSTER = local.initial_cluster_url
  }

  settings = {
    reboot_window = var.reboot_window
    time_zone     = var.time_zone
    flannel       = var.flannel_network
  }
}

module "nodes" {
  source = "../../modules/node-group"

  cluster_name          = var.cluster_name
  role                  = local.role
  vpc_id                = data.terraform_remote_state.vpc.outputs.vpc_id
  vpc_cidr              = data.terraform_remote_state.vpc.outputs.vpc_cidr
  subnet_ids            = data.terraform_remote_state.vpc.outputs.subnet_ids["etcd"]
  instance_profile_name = data.terraform_remote_state.iam.outputs.instance_profile_names["etcd"]
  cloudinit_bucket      = local.cloudinit_bucket
  node_config           = module.node_config.json
  agent                 = module.node_config.agent

  size            = { min = var.etcd_size, desired = var.etcd_size, max = var.etcd_size }
  instance_type   = var.etcd_instance_type
  disk_gib        = var.etcd_disk_gib
  update_channel  = var.update_channel
  image_id        = var.image_id
  flatcar_version = var.flatcar_version
  ssh_public_key  = var.ssh_public_key
  allow_ssh_cidr  = var.allow_ssh_cidr
  tags            = local.tags

  vpc_ingress = {
    "etcd clients" = { protocol = "tcp", from_port = 2379, to_port = 2379 }
    "etcd peers"   = { protocol = "tcp", from_port = 2380, to_port = 2380 }
  }

  # A member leaves etcd before its instance goes; terraced says when it has.
  leaves_gracefully = true

  # Moving a member to another zone for balance alone would cost the cluster a member and its data.
  suspended_processes = ["AZRebalance"]
}
