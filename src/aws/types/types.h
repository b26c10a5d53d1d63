// The resource types and data sources, one function each; all.cpp lists them.
#pragma once

#include "aws/table.h"

namespace terrace::aws::types {

ResourceType acm_certificate();
ResourceType autoscaling_group();
ResourceType autoscaling_lifecycle_hook();
ResourceType autoscaling_policy();
ResourceType autoscaling_schedule();
ResourceType cloudtrail();
ResourceType cloudwatch_log_group();
ResourceType cloudwatch_metric_alarm();
ResourceType db_instance();
ResourceType db_parameter_group();
ResourceType db_subnet_group();
ResourceType default_security_group();
ResourceType ebs_volume();
ResourceType efs_backup_policy();
ResourceType efs_file_system();
ResourceType efs_mount_target();
ResourceType eip();
ResourceType elb();
ResourceType iam_access_key();
ResourceType iam_instance_profile();
ResourceType iam_policy();
ResourceType iam_role();
ResourceType iam_role_policy();
ResourceType iam_role_policy_attachment();
ResourceType iam_server_certificate();
ResourceType iam_user();
ResourceType iam_user_policy();
ResourceType iam_user_policy_attachment();
ResourceType instance();
ResourceType internet_gateway();
ResourceType key_pair();
ResourceType kms_alias();
ResourceType kms_key();
ResourceType launch_template();
ResourceType lb();
ResourceType lb_listener();
ResourceType lb_target_group();
ResourceType nat_gateway();
ResourceType route();
ResourceType route53_record();
ResourceType route53_zone();
ResourceType route53_zone_association();
ResourceType route_table();
ResourceType route_table_association();
ResourceType s3_bucket();
ResourceType s3_bucket_lifecycle_configuration();
ResourceType s3_bucket_logging();
ResourceType s3_bucket_ownership_controls();
ResourceType s3_bucket_policy();
ResourceType s3_bucket_public_access_block();
ResourceType s3_bucket_server_side_encryption_configuration();
ResourceType s3_bucket_versioning();
ResourceType s3_object();
ResourceType secretsmanager_secret();
ResourceType secretsmanager_secret_version();
ResourceType security_group();
ResourceType security_group_egress_rule();
ResourceType security_group_ingress_rule();
ResourceType security_group_rule();
ResourceType sqs_queue();
ResourceType ssm_parameter();
ResourceType subnet();
ResourceType volume_attachment();
ResourceType vpc();
ResourceType vpc_endpoint();

DataSource ami();
DataSource availability_zones();
DataSource caller_identity();
DataSource elb_service_account();
DataSource partition();
DataSource policy_document();
DataSource region();
DataSource s3_bucket_data();
DataSource s3_object_data();
DataSource secretsmanager_secret_version_data();

}  // namespace terrace::aws::types
