# The cluster's buckets: <account>-<cluster>-<purpose>, private, versioned, encrypted, reached over TLS only.
locals {
  stack = "s3"

  purposes = toset([
    "cloudinit", # configuration that nodes fetch when they boot, and etcd's membership
    "config",    # configuration of the applications
    "jenkins",   # the continuous-integration server's backups
    "dockerhub", # the private registry's images
    "logs",      # access logs
  ])
}

data "aws_caller_identity" "current" {}

module "bucket" {
  source   = "../../modules/bucket"
  for_each = local.purposes

  name          = "${data.aws_caller_identity.current.account_id}-${var.cluster_name}-${each.key}"
  force_destroy = var.buckets_force_destroy

  # Of the configuration every version is kept: it is small, and tells what was.
  noncurrent_days = each.key == "config" ? null : 30
  expiration_days = each.key == "logs" ? var.logs_days : null
}
