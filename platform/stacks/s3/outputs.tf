output "bucket_names" {
  description = "Bucket name for each purpose: cloudinit, config, jenkins, dockerhub, logs."
  value       = { for purpose, bucket in module.bucket : purpose => bucket.name }
}

output "bucket_arns" {
  description = "Bucket ARN for each purpose."
  value       = { for purpose, bucket in module.bucket : purpose => bucket.arn }
}
