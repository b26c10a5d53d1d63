# Names: a public zone for the domain, where there is one, and a private zone that is seen in the VPC alone.
locals {
  stack = "route53"
}

data "terraform_remote_state" "vpc" {
  backend = "local"

  config = {
    path = "${path.module}/../vpc/terraform.tfstate"
  }
}

resource "aws_route53_zone" "public" {
  count = var.domain == null ? 0 : 1

  name    = var.domain
  comment = "Public names of cluster ${var.cluster_name}"

  force_destroy = false
}

resource "aws_route53_zone" "private" {
  name    = "cluster.local"
  comment = "Names of cluster ${var.cluster_name} inside its VPC"

  force_destroy = false

  vpc {
    vpc_id = data.terraform_remote_state.vpc.outputs.vpc_id
  }
}
