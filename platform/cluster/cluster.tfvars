# The cluster's values. Every stack reads the ones it declares; stacks/STACK/README.md lists them all.
# Lists and objects are written as in the examples; what is commented out shows the default.

# ---- What you must choose -----------------------------------------------------------------------------------------

# Name: part of every bucket, role and group, so it cannot be changed once the cluster exists.
cluster_name = "@CLUSTER_NAME@"

# Region: where everything is made. It cannot be changed either.
region = "@REGION@"

# Who may ssh to the nodes: your own public address with /32. Closed while the list is empty; to open it, write
# for example ["203.0.113.7/32"] (https://checkip.amazonaws.com shows your address) and apply.
allow_ssh_cidr = "@ALLOW_SSH_CIDR@"

# ---- What you should look at before the cluster carries anything of value -----------------------------------------

# The only accounts that may be changed. With credentials of another account nothing is done.
# allowed_account_ids = ["123456789012"]

# Profile of ~/.aws/config to use. Without it credentials come from the environment or the default profile.
# profile = "coreos-cluster"

# The public key that logs in to nodes as core. Without it, the one that "terrace keys create" made; without both, none.
# ssh_public_key = "ssh-ed25519 AAAA... you@example.com"

# ---- The nodes ----------------------------------------------------------------------------------------------------

# Members of etcd: 1, 3, 5, 7 or 9. One survives nothing, three survive the loss of one.
# etcd_size          = 1
# etcd_instance_type = "t3.micro"
# etcd_disk_gib      = { root = 12, docker = 12, data = 100 }

# Workers: how many, and between which bounds.
# worker_size          = { min = 1, desired = 1, max = 2 }
# worker_instance_type = "t3.micro"
# worker_disk_gib      = { root = 12, docker = 12, data = 100 }

# Workers as spot instances, the cheapest type that has capacity first; so many of them, and then such a share, on demand.
# worker_spot = { instance_types = ["t3.medium", "t3a.medium"], on_demand_base = 1, on_demand_percent = 0 }

# Admiral: nodes for shared services, and the load balancers that they stand behind (ci, dockerhub).
# admiral_size           = { min = 1, desired = 1, max = 1 }
# admiral_instance_type  = "t3.small"
# admiral_disk_gib       = { root = 12, docker = 12, data = 100 }
# admiral_load_balancers = []

# Flatcar Container Linux: stable, beta, alpha or lts. A group keeps the image that was the channel's newest when it was made;
# flatcar_version names one of its releases, image_id any image.
# update_channel  = "stable"
# flatcar_version = "4081.2.1"
# image_id        = "ami-0123456789abcdef0"

# When nodes reboot into updates, one of a role after the other, and in which time zone. Empty allows any time.
# reboot_window = "05:30 3h"
# time_zone     = "UTC"

# What workers and admiral keep under /opt/apps/current: a git repository (https, or git@HOST:PATH with the deploy key in the SSM
# parameter /CLUSTER/apps/deploy-key), or an S3 prefix, such as "s3://ACCOUNT-CLUSTER-config/apps/".
# apps_repository = "https://github.com/example/apps"
# apps_branch     = "main"

# A network for containers across nodes, by flannel.
# flannel_network = "10.2.0.0/16"

# ---- The network --------------------------------------------------------------------------------------------------

# From /16 to /18. Subnets are cut out of it: with the default, etcd lives in 10.10.1.0/24 and workers in 10.10.5.0/24.
# vpc_cidr   = "10.10.0.0/16"
# zone_count = 3

# public: nodes have public addresses. private: they have none, and reach the internet through NAT, which costs by the hour.
# topology = "public"

# Domain of the public names. Without one, names exist in the VPC alone, under cluster.local.
# domain = "example.com"

# ---- Databases ----------------------------------------------------------------------------------------------------

# rds_instance_class = "db.t3.micro"
# rds_storage_gib    = 20
# rds_multi_az       = false

# AWS refuses to delete a database while the first is true; a last snapshot stays unless the second is.
# rds_deletion_protection = true
# rds_skip_final_snapshot = false

# Whether AWS Backup saves the shared file system.
# efs_backups = true

# ---- The rest -----------------------------------------------------------------------------------------------------

# Tags put on everything, beside Cluster and Stack.
# tags = { Owner = "platform team" }

# Whether destroying the buckets deletes what is in them. Otherwise a bucket that is not empty stays.
# buckets_force_destroy = false

# How long logs are kept, in days.
# logs_days = 365

# An IAM user for deployments from outside of AWS.
# deployment_user = false
