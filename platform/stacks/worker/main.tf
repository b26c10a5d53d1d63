# The workers: an elastic group of nodes that host the containers.
locals {
  stack = "worker"
  role  = "worker"
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

data "terraform_remote_state" "etcd" {
  backend = "local"

  config = {
    path = "${path.module}/../etcd/terraform.tfstate"
  }
}

module "node_config" {
  source = "../../modules/node-config"

  cluster_name     = var.cluster_name
  role             = local.role
  update_channel   = var.update_channel
  cloudinit_bucket = data.terraform_remote_state.s3.outputs.bucket_names["cloudinit"]

  environment = {
    TERRACE_REGION               = var.region
    TERRACE_ETCD_INITIAL_CLUSTER = data.terraform_remote_state.etcd.outputs.initial_cluster_url
  }

  settings = {
    reboot_window = var.reboot_window
    time_zone     = var.time_zone
    flannel       = var.flannel_network
    apps          = var.apps_repository
    apps_branch   = var.apps_branch
  }
}

module "nodes" {
  source = "../../modules/node-group"

  cluster_name          = var.cluster_name
  role                  = local.role
  vpc_id                = data.terraform_remote_state.vpc.outputs.vpc_id
  vpc_cidr              = data.terraform_remote_state.vpc.outputs.vpc_cidr
  subnet_ids            = data.terraform_remote_state.vpc.outputs.subnet_ids["worker"]
  instance_profile_name = data.terraform_remote_state.iam.outputs.instance_profile_names["worker"]
  cloudinit_bucket      = data.terraform_remote_state.s3.outputs.bucket_names["cloudinit"]
  node_config           = module.node_config.json
  agent                 = module.node_config.agent

  size            = var.worker_size
  instance_type   = var.worker_instance_type
  disk_gib        = var.worker_disk_gib
  update_channel  = var.update_channel
  image_id        = var.image_id
  flatcar_version = var.flatcar_version
  spot            = var.worker_spot
  ssh_public_key  = var.ssh_public_key
  allow_ssh_cidr  = var.allow_ssh_cidr
  tags            = local.tags

  # Applications publish whatever port they like, to the VPC only.
  vpc_ingress = {
    tcp = { protocol = "tcp", from_port = 10, to_port = 65535 }
    udp = { protocol = "udp", from_port = 10, to_port = 65535 }
  }
}
