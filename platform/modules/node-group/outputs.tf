output "autoscaling_group_name" {
  description = "Name of the autoscaling group."
  value       = aws_autoscaling_group.this.name
}

output "security_group_id" {
  description = "Security group of the nodes."
  value       = aws_security_group.this.id
}

output "launch_template_id" {
  description = "Launch template of the nodes."
  value       = aws_launch_template.this.id
}

output "image_id" {
  description = "Image that the next node is launched from."
  value       = aws_launch_template.this.image_id
}

output "node_config_url" {
  description = "Where a node finds its Ignition configuration."
  value       = local.config_url
}
