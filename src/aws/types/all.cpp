// Every resource type and data source that terrace has, by name.
#include "aws/types/types.h"

namespace terrace::aws {

const std::vector<ResourceType>& resource_types() {
  static const std::vector<ResourceType> kTypes = {types::acm_certificate(),
                                                   types::autoscaling_group(),
                                                   types::cloudtrail(),
                                                   types::cloudwatch_log_group(),
                                                   types::cloudwatch_metric_alarm(),
                                                   types::db_instance(),
                                                   types::db_parameter_group(),
                                                   types::db_subnet_group(),
                                                   types::efs_backup_policy(),
                                                   types::efs_file_system(),
                                                   types::efs_mount_target(),
                                                   types::eip(),
                                                   types::elb(),
                                                   types::iam_access_key(),
                                                   types::iam_instance_profile(),
                                                   types::iam_role(),
                                                   types::iam_role_policy(),
                                                   types::iam_server_certificate(),
                                                   types::iam_user(),
                                                   types::iam_user_policy(),
                                                   types::internet_gateway(),
                                                   types::key_pair(),
                                                   types::kms_alias(),
                                                   types::kms_key(),
                                                   types::launch_template(),
                                                   types::lb(),
                                                   types::lb_listener(),
                                                   types::lb_target_group(),
                                                   types::nat_gateway(),
                                                   types::route(),
                                                   types::route53_record(),
                                                   types::route53_zone(),
                                                   types::route53_zone_association(),
                                                   types::route_table(),
                                                   types::route_table_association(),
                                                   types::s3_bucket(),
                                                   types::s3_bucket_lifecycle_configuration(),
                                                   types::s3_bucket_logging(),
                                                   types::s3_bucket_ownership_controls(),
                                                   types::s3_bucket_policy(),
                                                   types::s3_bucket_public_access_block(),
                                                   types::s3_bucket_server_side_encryption_configuration(),
                                                   types::s3_bucket_versioning(),
                                                   types::s3_object(),
                                                   types::secretsmanager_secret(),
                                                   types::secretsmanager_secret_version(),
                                                   types::security_group(),
                                                   types::security_group_egress_rule(),
                                                   types::security_group_ingress_rule(),
                                                   types::sqs_queue(),
                                                   types::ssm_parameter(),
                                                   types::subnet(),
                                                   types::vpc(),
                                                   types::vpc_endpoint()};
  return kTypes;
}

const std::vector<DataSource>& data_sources() {
  static const std::vector<DataSource> kSources = {types::ami(),
                                                   types::availability_zones(),
                                                   types::caller_identity(),
                                                   types::elb_service_account(),
                                                   types::partition(),
                                                   types::policy_document(),
                                                   types::region(),
                                                   types::s3_bucket_data(),
                                                   types::s3_object_data(),
                                                   types::secretsmanager_secret_version_data()};
  return kSources;
}

}  // namespace terrace::aws
