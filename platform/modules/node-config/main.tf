# The Ignition configuration of one kind of node, put together from the files and units under nodes/.
# Every one of them is a template; nodes/README.md says what it may refer to.
locals {
  nodes   = "${path.module}/../../nodes"
  folders = ["common", var.role]

  values = {
    cluster_name   = var.cluster_name
    role           = var.role
    update_channel = var.update_channel
    environment    = merge({ TERRACE_CLUSTER = var.cluster_name, TERRACE_ROLE = var.role }, var.environment)
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

  ignition = templatefile("${local.nodes}/ignition.json.tftpl", { files = local.files, units = local.units })
}
