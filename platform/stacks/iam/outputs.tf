output "deployment_user" {
  description = "Name of the deployment user; null without one."
  value       = one(aws_iam_user.deployment[*].name)
}

output "role_names" {
  description = "Name of the role of each kind of node: etcd, worker, admiral."
  value       = { for kind, role in aws_iam_role.node : kind => role.name }
}

output "role_arns" {
  description = "ARN of the role of each kind of node."
  value       = { for kind, role in aws_iam_role.node : kind => role.arn }
}

output "instance_profile_names" {
  description = "Name of the instance profile of each kind of node."
  value       = { for kind, profile in aws_iam_instance_profile.node : kind => profile.name }
}
