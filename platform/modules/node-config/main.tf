# The Ignition configuration of one kind of node, put together from the files and units under nodes/.
# Every one of them is a template; nodes/README.md says what it may refer to.
locals {
  nodes   = "${path.module}/../../nodes"
  folders = ["common", var.role]

  # The agent lies in the bucket under a name that its content gives it: a node whose configuration names one archive never
  # gets another, and the one that running groups were made with stays until they have been told of the next.
  agent_path = "${local.nodes}/terraced.tar.gz"
  agent = fileexists(local.agent_path) ? {
    path   = local.agent_path
    key    = "${var.role}/terraced-${substr(filesha512(local.agent_path), 0, 16)}.tar.gz"
    sha512 = filesha512(local.agent_path)
  } : null

  values = {
    cluster_name   = var.cluster_name
    role           = var.role
    update_channel = var.update_channel
    flannel        = try(coalesce(var.settings["flannel"]), "")
    node = merge(
      { cluster = var.cluster_name, role = var.role },
      { for key, value in var.settings : key => value if value != null && value != "" },
    )
    environment = merge({ TERRACE_CLUSTER = var.cluster_name, TERRACE_ROLE = var.role }, var.environment)
  }

  # A role's file takes the place of a common one with the same path.
  files = merge([
    for folder in local.folders : {
      for path in fileset("${local.nodes}/${folder}/files", "**") :
      "/${path}" => templatefile("${local.nodes}/${folder}/files/${path}", local.values)
    }
  ]...)

  units = merge([
    for folder in local.folders : {
      for name in fileset("${local.nodes}/${folder}/units", "*") :
      name => templatefile("${local.nodes}/${folder}/units/${name}", local.values)
    }
  ]...)

  # What is too large for this document: fetched from the bucket with the node's role, and refused where its hash differs.
  fetched = local.agent == null ? {} : {
    "/opt/terrace/terraced.tar.gz" = {
      source = "s3://${var.cloudinit_bucket}/${local.agent.key}"
      sha512 = local.agent.sha512
    }
  }

  ignition = templatefile("${local.nodes}/ignition.json.tftpl", {
    files   = local.files
    fetched = local.fetched
    units   = local.units
  })
}
