output "name" {
  description = "Name of the load balancer; null where it is not made, for want of a certificate."
  value       = one(aws_elb.this[*].name)
}

output "id" {
  description = "Id of the load balancer; null where it is not made."
  value       = one(aws_elb.this[*].id)
}

output "dns_name" {
  description = "DNS name that AWS gave it; null where it is not made."
  value       = one(aws_elb.this[*].dns_name)
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}
