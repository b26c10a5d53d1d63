variable "admiral_size" {
  description = "How many admiral nodes there are, and between which bounds that may be changed."
  type = object({
    min     = optional(number, 1)
    desired = optional(number, 1)
    max     = optional(number, 1)
  })
  default = {}

  validation {
    condition     = 0 <= var.admiral_size.min && var.admiral_size.min <= var.admiral_size.desired && var.admiral_size.desired <= var.admiral_size.max
    error_message = "admiral_size must have 0 <= min <= desired <= max."
  }
}

variable "admiral_instance_type" {
  description = "Instance type of the admiral nodes, x86-64."
  type        = string
  default     = "t3.small"
}

variable "admiral_disk_gib" {
  description = "Disks of each admiral node in GiB: root is the system's, docker the containers', data the services'."
  type = object({
    root   = optional(number, 12)
    docker = optional(number, 12)
    data   = optional(number, 100)
  })
  default = {}
}

variable "admiral_load_balancers" {
  description = "Load balancers that the admiral nodes stand behind: ci, dockerhub. Their stacks are made first."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.admiral_load_balancers : contains(["ci", "dockerhub"], name)])
    error_message = "admiral_load_balancers can name ci and dockerhub."
  }
}

variable "apps_repository" {
  description = "Repository that nodes keep under /opt/apps/current: https://..., git@HOST:PATH with the deploy key in the SSM parameter /CLUSTER/apps/deploy-key, or s3://BUCKET/PREFIX/. null for none."
  type        = string
  default     = null
}

variable "apps_branch" {
  description = "Branch of apps_repository."
  type        = string
  default     = "main"
}
