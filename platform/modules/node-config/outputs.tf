output "json" {
  description = "The Ignition configuration, spec 3.3.0, as compact JSON."
  value       = jsonencode(jsondecode(local.ignition))
}

output "agent" {
  description = "The agent's archive: its path here, its key in the cloudinit bucket, its sha512. null where nodes/ has none."
  value       = local.agent
}
