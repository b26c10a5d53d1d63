# The same in every stack: where to build, on whose behalf, and what everything is tagged with.
provider "aws" {
  region              = var.region
  profile             = var.profile
  allowed_account_ids = length(var.allowed_account_ids) > 0 ? var.allowed_account_ids : null

  default_tags {
    tags = local.tags
  }
}

locals {
  tags = merge(var.tags, {
    Cluster = var.cluster_name
    Stack   = local.stack
  })
}
