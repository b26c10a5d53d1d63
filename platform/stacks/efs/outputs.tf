output "file_system_id" {
  description = "Id of the file system."
  value       = aws_efs_file_system.this.id
}

output "dns_name" {
  description = "Name that nodes mount it by."
  value       = aws_efs_file_system.this.dns_name
}

output "security_group_id" {
  description = "Security group of the mount targets."
  value       = aws_security_group.this.id
}
