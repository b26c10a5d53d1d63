output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "Addresses of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "zones" {
  description = "Availability zones that the subnets are spread over."
  value       = local.zones
}

output "subnet_ids" {
  description = "Subnet ids of each tier (etcd, admiral, elb, rds, worker), in the order of zones."
  value       = { for name, tier in module.tier : name => tier.subnet_ids }
}

output "subnet_cidrs" {
  description = "Subnet addresses of each tier, in the order of zones."
  value       = { for name, tier in module.tier : name => tier.subnet_cidrs }
}

output "route_table_ids" {
  description = "Route tables: public leads to the internet, private stays in the VPC, nat leads out through NAT, with topology private alone."
  value       = local.route_tables
}

output "s3_endpoint_id" {
  description = "Id of the S3 gateway endpoint."
  value       = aws_vpc_endpoint.s3.id
}

output "nat_address" {
  description = "Public address that private nodes are seen from; null where they have their own."
  value       = one(aws_eip.nat[*].public_ip)
}
