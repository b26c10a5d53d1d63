output "autoscaling_group_name" {
  description = "Name of the autoscaling group of the admiral nodes."
  value       = module.nodes.autoscaling_group_name
}

output "security_group_id" {
  description = "Security group of the admiral nodes."
  value       = module.nodes.security_group_id
}

output "launch_template_id" {
  description = "Launch template of the admiral nodes."
  value       = module.nodes.launch_template_id
}

output "image_id" {
  description = "Image that the next admiral node is launched from."
  value       = module.nodes.image_id
}

output "node_config_url" {
  description = "Where an admiral node finds its Ignition configuration."
  value       = module.nodes.node_config_url
}
