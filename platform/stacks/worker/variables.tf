variable "worker_size" {
  description = "How many workers there are, and between which bounds that may be changed."
  type = object({
    min     = optional(number, 1)
    desired = optional(number, 1)
    max     = optional(number, 2)
  })
  default = {}

  validation {
    condition     = 0 <= var.worker_size.min && var.worker_size.min <= var.worker_size.desired && var.worker_size.desired <= var.worker_size.max
    error_message = "worker_size must have 0 <= min <= desired <= max."
  }
}

variable "worker_instance_type" {
  description = "Instance type of the workers, x86-64."
  type        = string
  default     = "t3.micro"
}

variable "worker_disk_gib" {
  description = "Disks of each worker in GiB: root is the system's, docker the containers', data the applications'."
  type = object({
    root   = optional(number, 12)
    docker = optional(number, 12)
    data   = optional(number, 100)
  })
  default = {}
}

variable "worker_spot" {
  description = "Spot instances for the workers: their types, how many workers are on demand all the same, and what percentage of the rest. null for none."
  type = object({
    instance_types    = list(string)
    on_demand_base    = optional(number, 0)
    on_demand_percent = optional(number, 0)
  })
  default = null

  validation {
    condition     = var.worker_spot == null ? true : length(var.worker_spot.instance_types) > 0 && var.worker_spot.on_demand_percent >= 0 && var.worker_spot.on_demand_percent <= 100
    error_message = "worker_spot needs at least one of instance_types, and an on_demand_percent from 0 to 100."
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
