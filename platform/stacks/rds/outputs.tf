output "names" {
  description = "Name of the database of each engine: postgres, mysql."
  value       = { for engine, db in aws_db_instance.this : engine => db.db_name }
}

output "users" {
  description = "Administrator of each engine."
  value       = { for engine, db in aws_db_instance.this : engine => db.username }
}

output "addresses" {
  description = "Host name of each engine."
  value       = { for engine, db in aws_db_instance.this : engine => db.address }
}

output "endpoints" {
  description = "Host name and port of each engine."
  value       = { for engine, db in aws_db_instance.this : engine => db.endpoint }
}

output "secret_arns" {
  description = "Secret of Secrets Manager that holds the password of each engine."
  value       = { for engine, db in aws_db_instance.this : engine => one(db.master_user_secret[*].secret_arn) }
}

output "security_group_id" {
  description = "Security group of the databases."
  value       = aws_security_group.this.id
}
