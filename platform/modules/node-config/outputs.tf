output "json" {
  description = "The Ignition configuration, spec 3.3.0, as compact JSON."
  value       = jsonencode(jsondecode(local.ignition))
}
