# What nodes may do: a role and an instance profile for each kind of node, with only what it needs.
locals {
  stack = "iam"

  cloudinit_arn = data.terraform_remote_state.s3.outputs.bucket_arns["cloudinit"]

  # Where etcd's members publish themselves and every other node finds them.
  initial_cluster_arn = "${local.cloudinit_arn}/etcd/initial-cluster"

  policies = {
    etcd   = data.aws_iam_policy_document.etcd.json
    worker = data.aws_iam_policy_document.worker.json
  }
}

data "terraform_remote_state" "s3" {
  backend = "local"

  config = {
    path = "${path.module}/../s3/terraform.tfstate"
  }
}

data "aws_iam_policy_document" "assume_role" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "etcd" {
  statement {
    sid       = "ReadOwnConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.cloudinit_arn}/etcd/*"]
  }

  statement {
    sid       = "PublishMembership"
    actions   = ["s3:PutObject"]
    resources = [local.initial_cluster_arn]
  }

  # Members find each other through the autoscaling group. These actions cannot be narrowed to one group.
  statement {
    sid = "FindMembers"
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "ec2:DescribeInstances",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "worker" {
  statement {
    sid       = "ReadOwnConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.cloudinit_arn}/worker/*"]
  }

  statement {
    sid       = "FindEtcd"
    actions   = ["s3:GetObject"]
    resources = [local.initial_cluster_arn]
  }
}

resource "aws_iam_role" "node" {
  for_each = local.policies

  name               = "${var.cluster_name}-${each.key}"
  description        = "What ${each.key} nodes of cluster ${var.cluster_name} may do"
  assume_role_policy = data.aws_iam_policy_document.assume_role.json
}

resource "aws_iam_role_policy" "node" {
  for_each = local.policies

  name   = "node"
  role   = aws_iam_role.node[each.key].id
  policy = each.value
}

resource "aws_iam_instance_profile" "node" {
  for_each = local.policies

  name = "${var.cluster_name}-${each.key}"
  role = aws_iam_role.node[each.key].name
}
