variable "buckets_force_destroy" {
  description = "Whether destroying a bucket also deletes what nodes and people stored in it. Otherwise a bucket that is not empty stays."
  type        = bool
  default     = false
}

variable "logs_days" {
  description = "Days that logs are kept, in the logs bucket and of CloudTrail."
  type        = number
  default     = 365

  validation {
    condition     = var.logs_days >= 1
    error_message = "logs_days must be at least 1."
  }
}
