variable "deployment_user" {
  description = "Whether there is an IAM user for deployments from outside of AWS. Its access keys are yours to make, and to rotate."
  type        = bool
  default     = false
}
