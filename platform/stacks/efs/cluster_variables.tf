# The same in every stack: what cluster.tfvars says about the cluster as a whole.
variable "cluster_name" {
  description = "Name of the cluster. Everything it owns carries it, so that clusters can share an account."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.cluster_name))
    error_message = "cluster_name must be 1 to 32 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen: it becomes part of bucket and role names."
  }
}

variable "region" {
  description = "AWS region that the cluster runs in, such as us-west-2."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region must be the name of an AWS region, such as us-west-2."
  }
}

variable "profile" {
  description = "Profile of the AWS configuration files to use. null takes credentials from the environment."
  type        = string
  default     = null
}

variable "allowed_account_ids" {
  description = "Accounts that may be changed: with any other one the run stops before it begins. Empty allows every account."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids must be account ids: twelve digits in quotes."
  }
}

variable "tags" {
  description = "Tags put on everything that takes tags, beside Cluster and Stack."
  type        = map(string)
  default     = {}
}
