# What nodes may do: a role and an instance profile for each kind of node, with only what it needs.
locals {
  stack = "iam"

  cloudinit_arn = data.terraform_remote_state.s3.outputs.bucket_arns["cloudinit"]

  # Where etcd's members publish themselves and every other node finds them.
  initial_cluster_arn = "${local.cloudinit_arn}/etcd/initial-cluster"

  # What nodes of each kind may do, statement by statement.
  permissions = {
    etcd = [
      {
        Sid      = "ReadOwnConfiguration"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.cloudinit_arn}/etcd/*"]
      },
      {
        Sid      = "PublishMembership"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [local.initial_cluster_arn]
      },
      # Members find each other through the autoscaling group. These actions cannot be narrowed to one group.
      {
        Sid      = "FindMembers"
        Effect   = "Allow"
        Action   = ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "ec2:DescribeInstances"]
        Resource = ["*"]
      },
    ]

    worker = [
      {
        Sid      = "ReadOwnConfiguration"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.cloudinit_arn}/worker/*"]
      },
      {
        Sid      = "FindEtcd"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [local.initial_cluster_arn]
      },
    ]
  }
}

data "terraform_remote_state" "s3" {
  backend = "local"

  config = {
    path = "${path.module}/../s3/terraform.tfstate"
  }
}

resource "aws_iam_role" "node" {
  for_each = local.permissions

  name                 = "${var.cluster_name}-${each.key}"
  path                 = "/"
  description          = "What ${each.key} nodes of cluster ${var.cluster_name} may do"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "node" {
  for_each = local.permissions

  name = "node"
  role = aws_iam_role.node[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value
  })
}

resource "aws_iam_instance_profile" "node" {
  for_each = local.permissions

  name = "${var.cluster_name}-${each.key}"
  path = "/"
  role = aws_iam_role.node[each.key].name
}
