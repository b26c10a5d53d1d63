variable "name" {
  description = "Name of the bucket, unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes the objects in it, every version of them."
  type        = bool
  default     = false
}

variable "policy_statements" {
  description = "Statements of the bucket's policy beside the one that refuses plain HTTP."
  type        = any
  default     = []
}

variable "noncurrent_days" {
  description = "Days that a version is kept which was written over or deleted. null keeps all, and everything else."
  type        = number
  default     = 30
}

variable "expiration_days" {
  description = "Days after which objects are deleted, where versions go, too. null keeps them."
  type        = number
  default     = null
}
