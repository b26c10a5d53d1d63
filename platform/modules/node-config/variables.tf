variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "role" {
  description = "Kind of node. Its own files and units lie in nodes/ROLE, those of every node in nodes/common."
  type        = string
}

variable "update_channel" {
  description = "Flatcar channel that the node takes its updates from."
  type        = string
}

variable "cloudinit_bucket" {
  description = "Bucket that nodes of this role fetch the agent from."
  type        = string
}

variable "environment" {
  description = "What the node should know about itself and the cluster: written to /etc/terrace/node.env."
  type        = map(string)
  default     = {}
}

variable "settings" {
  description = "What the agent should know beside the cluster and the role: keys of /etc/terrace/node.json. Those that are null or empty are left out."
  type        = map(string)
  default     = {}
}
