# What nodes may do: a role and an instance profile for each kind of node, with only what it needs.
locals {
  stack = "iam"

  account       = data.aws_caller_identity.current.account_id
  partition     = data.aws_partition.current.partition
  cloudinit_arn = data.terraform_remote_state.s3.outputs.bucket_arns["cloudinit"]
  config_arn    = data.terraform_remote_state.s3.outputs.bucket_arns["config"]

  service_buckets = [for purpose in ["jenkins", "dockerhub"] : data.terraform_remote_state.s3.outputs.bucket_arns[purpose]]

  # Every node reads the configuration and the agent of its role. Told that it may list, S3 says that an object is missing
  # rather than that access is denied.
  own_configuration = {
    for role in ["etcd", "worker", "admiral"] : role => [
      {
        Sid      = "ReadOwnConfiguration"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.cloudinit_arn}/${role}/*"]
      },
      {
        Sid      = "SeeWhatIsThere"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.cloudinit_arn]
        Condition = {
          StringLike = { "s3:prefix" = ["${role}/*", "etcd/*"] }
        }
      },
    ]
  }

  # Nodes that are no members of etcd ask its members for a certificate, and find them. A node can write its own request
  # only: AWS puts the ids of the role and of the instance for aws:userid.
  client_of_etcd = [
    {
      Sid    = "FindEtcd"
      Effect = "Allow"
      Action = ["s3:GetObject"]
      Resource = [
        "${local.cloudinit_arn}/etcd/initial-cluster",
        "${local.cloudinit_arn}/etcd/certificates/*",
      ]
    },
    {
      Sid      = "AskForCertificate"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = ["${local.cloudinit_arn}/etcd/requests/$${aws:userid}"]
    },
  ]

  # The applications: from the config bucket, or from a repository with its deploy key.
  applications = [
    {
      Sid      = "ReadApplications"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${local.config_arn}/apps/*"]
    },
    {
      Sid      = "ListApplications"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [local.config_arn]
      Condition = {
        StringLike = { "s3:prefix" = ["apps/*"] }
      }
    },
    {
      Sid      = "ReadDeployKey"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = ["arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.cluster_name}/apps/deploy-key"]
    },
  ]

  # What nodes of each kind may do, statement by statement.
  permissions = {
    etcd = concat(local.own_configuration["etcd"], [
      {
        Sid    = "KeepClusterRecords"
        Effect = "Allow"
        Action = ["s3:PutObject", "s3:DeleteObject"]
        Resource = [for name in [
          "backup.json", "certificates/*", "cluster.json", "initial-cluster", "machines.json", "nodes/*", "requests/*", "snapshots/*", "status.json",
        ] : "${local.cloudinit_arn}/etcd/${name}"]
      },
      # The CA that members sign with. Whoever reads it can be a member.
      {
        Sid      = "SignCertificates"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:PutParameter"]
        Resource = ["arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.cluster_name}/etcd/ca"]
      },
      # Members find each other through the autoscaling group. These actions cannot be narrowed to one group.
      {
        Sid    = "FindMembers"
        Effect = "Allow"
        Action = [
          "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLifecycleHooks",
          "ec2:DescribeInstances",
        ]
        Resource = ["*"]
      },
      {
        Sid      = "LeaveBeforeTermination"
        Effect   = "Allow"
        Action   = ["autoscaling:CompleteLifecycleAction"]
        Resource = ["arn:${local.partition}:autoscaling:${var.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${var.cluster_name}-etcd"]
      },
    ])

    worker = concat(local.own_configuration["worker"], local.client_of_etcd, local.applications)

    # The services keep what they have in buckets of their own: CI its backups, the registry its images.
    admiral = concat(local.own_configuration["admiral"], local.client_of_etcd, local.applications, [
      {
        Sid      = "ListServiceBuckets"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = local.service_buckets
      },
      {
        Sid      = "KeepServiceData"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = [for bucket in local.service_buckets : "${bucket}/*"]
      },
    ])
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

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

# Somebody who deploys applications and is no node, such as CI outside of AWS: reads and writes their configuration.
resource "aws_iam_user" "deployment" {
  count = var.deployment_user ? 1 : 0

  name          = "${var.cluster_name}-deployment"
  path          = "/"
  force_destroy = false
}

resource "aws_iam_user_policy" "deployment" {
  count = var.deployment_user ? 1 : 0

  name = "deployment"
  user = aws_iam_user.deployment[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SeeWhatIsThere"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.config_arn]
      },
      {
        Sid      = "ConfigureApplications"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = ["${local.config_arn}/apps/*"]
      },
    ]
  })
}
