output "name" {
  description = "Name of the load balancer; null where it is not made, for want of a certificate."
  value       = module.load_balancer.name
}

output "id" {
  description = "Id of the load balancer; null where it is not made."
  value       = module.load_balancer.id
}

output "dns_name" {
  description = "DNS name that AWS gave it; null where it is not made."
  value       = module.load_balancer.dns_name
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = module.load_balancer.security_group_id
}
