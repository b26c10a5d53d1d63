# Admiral: nodes for shared services, such as CI, a private registry and monitoring.
locals {
  stack = "admiral"
  role  = "admiral"
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
  subnet_ids            = data.terraform_remote_state.vpc.outputs.subnet_ids["admiral"]
  instance_profile_name = data.terraform_remote_state.iam.outputs.instance_profile_names["admiral"]
  cloudinit_bucket      = data.terraform_remote_state.s3.outputs.bucket_names["cloudinit"]
  node_config           = module.node_config.json
  agent                 = module.node_config.agent

  size            = var.admiral_size
  instance_type   = var.admiral_instance_type
  disk_gib        = var.admiral_disk_gib
  update_channel  = var.update_channel
  image_id        = var.image_id
  flatcar_version = var.flatcar_version
  ssh_public_key  = var.ssh_public_key
  allow_ssh_cidr  = var.allow_ssh_cidr
  tags            = local.tags

  # The load balancers of the elb stacks, which may be made before or after.
  load_balancers = [for service in var.admiral_load_balancers : "${var.cluster_name}-${service}"]

  # Applications publish whatever port they like, to the VPC only.
  vpc_ingress = {
    tcp = { protocol = "tcp", from_port = 10, to_port = 65535 }
    udp = { protocol = "udp", from_port = 10, to_port = 65535 }
  }
}
