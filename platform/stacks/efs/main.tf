# A file system that nodes share: encrypted, backed up, reached from the VPC through a mount target in each zone.
locals {
  stack = "efs"
  name  = "${var.cluster_name}-efs"
}

data "terraform_remote_state" "vpc" {
  backend = "local"

  config = {
    path = "${path.module}/../vpc/terraform.tfstate"
  }
}

resource "aws_efs_file_system" "this" {
  creation_token  = local.name
  encrypted       = true
  throughput_mode = "bursting"

  tags = {
    Name = local.name
  }
}

resource "aws_efs_backup_policy" "this" {
  count = var.efs_backups ? 1 : 0

  file_system_id = aws_efs_file_system.this.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "NFS of ${local.name}"
  vpc_id      = data.terraform_remote_state.vpc.outputs.vpc_id

  tags = {
    Name = local.name
  }
}

resource "aws_vpc_security_group_ingress_rule" "nfs" {
  security_group_id = aws_security_group.this.id
  description       = "NFS from the VPC"
  cidr_ipv4         = data.terraform_remote_state.vpc.outputs.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = 2049
  to_port           = 2049
}

# Keyed by zone: a file system takes one mount target in each.
resource "aws_efs_mount_target" "this" {
  for_each = zipmap(
    data.terraform_remote_state.vpc.outputs.zones,
    range(length(data.terraform_remote_state.vpc.outputs.zones)),
  )

  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = data.terraform_remote_state.vpc.outputs.subnet_ids["worker"][each.value]
  security_groups = [aws_security_group.this.id]
}
