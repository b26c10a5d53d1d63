# Who did what in the account: a trail of all regions into a bucket of its own.
locals {
  stack   = "cloudtrail"
  name    = var.cluster_name
  account = data.aws_caller_identity.current.account_id
  bucket  = "${local.account}-${var.cluster_name}-cloudtrail"
  arn     = "arn:${data.aws_partition.current.partition}:cloudtrail:${var.region}:${local.account}:trail/${local.name}"
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "bucket" {
  source = "../../modules/bucket"

  name            = local.bucket
  force_destroy   = var.buckets_force_destroy
  expiration_days = var.logs_days

  # As CloudTrail asks for it: this trail may look at the bucket and add to it, nobody else's.
  policy_statements = [
    {
      Sid       = "CloudTrailLooks"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = "arn:${data.aws_partition.current.partition}:s3:::${local.bucket}"
      Condition = { StringEquals = { "aws:SourceArn" = local.arn } }
    },
    {
      Sid       = "CloudTrailWrites"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:${data.aws_partition.current.partition}:s3:::${local.bucket}/AWSLogs/${local.account}/*"
      Condition = { StringEquals = { "aws:SourceArn" = local.arn, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
  ]
}

resource "aws_cloudtrail" "this" {
  name                          = local.name
  s3_bucket_name                = module.bucket.name
  enable_logging                = true
  is_multi_region_trail         = true
  is_organization_trail         = false
  include_global_service_events = true
  enable_log_file_validation    = true

  # CloudTrail tries whether it may write before it makes the trail.
  depends_on = [module.bucket]
}
