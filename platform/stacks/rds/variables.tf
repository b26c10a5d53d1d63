variable "rds_instance_class" {
  description = "Instance class of the databases."
  type        = string
  default     = "db.t3.micro"

  validation {
    condition     = startswith(var.rds_instance_class, "db.")
    error_message = "rds_instance_class must be a class of databases, such as db.t3.micro."
  }
}

variable "rds_storage_gib" {
  description = "Storage of each database in GiB."
  type        = number
  default     = 20

  validation {
    condition     = var.rds_storage_gib >= 20
    error_message = "rds_storage_gib must be at least 20: gp3 storage of RDS begins there."
  }
}

variable "rds_multi_az" {
  description = "Whether each database has a standby in another zone."
  type        = bool
  default     = false
}

variable "rds_deletion_protection" {
  description = "Whether AWS refuses to delete the databases. To destroy them, set it to false and apply first."
  type        = bool
  default     = true
}

variable "rds_skip_final_snapshot" {
  description = "Whether destroying a database leaves no snapshot of it behind."
  type        = bool
  default     = false
}
