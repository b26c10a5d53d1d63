output "domain" {
  description = "Domain of the public zone; null without one."
  value       = one(aws_route53_zone.public[*].name)
}

output "public_zone_id" {
  description = "Id of the public zone; null without a domain."
  value       = one(aws_route53_zone.public[*].zone_id)
}

output "private_zone_id" {
  description = "Id of the private zone."
  value       = aws_route53_zone.private.zone_id
}

output "private_domain" {
  description = "Domain of the private zone."
  value       = aws_route53_zone.private.name
}

output "name_servers" {
  description = "Servers of the public zone, for the registrar; empty without one."
  value       = length(aws_route53_zone.public) == 0 ? [] : aws_route53_zone.public[0].name_servers
}
