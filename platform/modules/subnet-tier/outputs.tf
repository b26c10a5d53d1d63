output "subnet_ids" {
  description = "Subnet ids, in the order of zones."
  value       = [for zone in var.zones : aws_subnet.this[zone].id]
}

output "subnet_cidrs" {
  description = "Subnet addresses, in the order of zones."
  value       = [for zone in var.zones : aws_subnet.this[zone].cidr_block]
}
