variable "efs_backups" {
  description = "Whether AWS Backup saves the file system daily, for 35 days."
  type        = bool
  default     = true
}
