# The way in to the continuous-integration server: HTTP and HTTPS to port 8080 of the instances.
locals {
  stack = "elb-ci"
  vpc   = data.terraform_remote_state.vpc.outputs
  names = data.terraform_remote_state.route53.outputs
}

data "terraform_remote_state" "vpc" {
  backend = "local"

  config = {
    path = "${path.module}/../vpc/terraform.tfstate"
  }
}

data "terraform_remote_state" "route53" {
  backend = "local"

  config = {
    path = "${path.module}/../route53/terraform.tfstate"
  }
}

module "load_balancer" {
  source = "../../modules/load-balancer"

  cluster_name  = var.cluster_name
  service       = "ci"
  vpc_id        = local.vpc.vpc_id
  vpc_cidr      = local.vpc.vpc_cidr
  subnet_ids    = local.vpc.subnet_ids["elb"]
  instance_port = 8080
  health_check  = "TCP:8080"
  http          = true
  record        = "ci"

  zones = {
    private = { id = local.names.private_zone_id, domain = local.names.private_domain }
    public  = local.names.domain == null ? null : { id = local.names.public_zone_id, domain = local.names.domain }
  }
}
