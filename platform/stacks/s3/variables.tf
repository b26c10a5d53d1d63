variable "buckets_force_destroy" {
  description = "Whether destroying a bucket also deletes what nodes and people stored in it. Otherwise a bucket that is not empty stays."
  type        = bool
  default     = false
}
