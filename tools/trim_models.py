#!/usr/bin/env python3
"""Writes src/aws/model/ from an installed botocore: the operations below, the shapes they reach, their paginators,
and the partitions, without documentation and constraints.

usage: tools/trim_models.py [OUTPUT_FOLDER]
"""

import gzip
import json
import os
import sys

import botocore

DATA = os.path.join(os.path.dirname(botocore.__file__), "data")
OUTPUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "src", "aws", "model")

OPERATIONS = {
    "acm": """
        AddTagsToCertificate DeleteCertificate DescribeCertificate ImportCertificate ListCertificates
        ListTagsForCertificate RemoveTagsFromCertificate RenewCertificate RequestCertificate UpdateCertificateOptions
    """,
    "autoscaling": """
        AttachInstances AttachLoadBalancerTargetGroups AttachLoadBalancers AttachTrafficSources
        CancelInstanceRefresh CompleteLifecycleAction CreateAutoScalingGroup CreateOrUpdateTags
        DeleteAutoScalingGroup DeleteLifecycleHook DeletePolicy DeleteScheduledAction DeleteTags
        DeleteWarmPool DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeInstanceRefreshes
        DescribeLifecycleHooks DescribeLoadBalancerTargetGroups DescribeLoadBalancers DescribePolicies
        DescribeScalingActivities DescribeScheduledActions DescribeTags DescribeTrafficSources
        DescribeWarmPool DetachInstances DetachLoadBalancerTargetGroups DetachLoadBalancers
        DetachTrafficSources DisableMetricsCollection EnableMetricsCollection EnterStandby ExitStandby
        PutLifecycleHook PutScalingPolicy PutScheduledUpdateGroupAction PutWarmPool
        RecordLifecycleActionHeartbeat ResumeProcesses SetDesiredCapacity SetInstanceHealth
        SetInstanceProtection StartInstanceRefresh SuspendProcesses TerminateInstanceInAutoScalingGroup
        UpdateAutoScalingGroup
    """,
    "cloudtrail": """
        AddTags CreateTrail DeleteTrail DescribeTrails GetEventSelectors GetInsightSelectors GetTrailStatus
        ListTags PutEventSelectors PutInsightSelectors RemoveTags StartLogging StopLogging UpdateTrail
    """,
    "cloudwatch": """
        DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource
    """,
    "dynamodb": """
        CreateTable DeleteItem DeleteTable DescribeContinuousBackups DescribeTable DescribeTimeToLive
        GetItem ListTagsOfResource PutItem TagResource UntagResource UpdateItem
    """,
    "ec2": """
        AcceptVpcEndpointConnections AllocateAddress AssignPrivateIpAddresses AssignPrivateNatGatewayAddress
        AssociateAddress AssociateIamInstanceProfile AssociateNatGatewayAddress AssociateRouteTable
        AssociateSubnetCidrBlock AssociateVpcCidrBlock AttachInternetGateway AttachVolume
        AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CancelSpotInstanceRequests
        CreateDefaultVpc CreateInternetGateway CreateKeyPair CreateLaunchTemplate
        CreateLaunchTemplateVersion CreateNatGateway CreateNetworkAclEntry CreateRoute CreateRouteTable
        CreateSecurityGroup CreateSnapshot CreateSubnet CreateTags CreateVolume CreateVpc CreateVpcEndpoint
        DeleteInternetGateway DeleteKeyPair DeleteLaunchTemplate DeleteLaunchTemplateVersions
        DeleteNatGateway DeleteNetworkInterface DeleteRoute DeleteRouteTable DeleteSecurityGroup
        DeleteSubnet DeleteTags DeleteVolume DeleteVpc DeleteVpcEndpoints DescribeAccountAttributes
        DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones DescribeDhcpOptions
        DescribeIamInstanceProfileAssociations DescribeImages DescribeInstanceAttribute
        DescribeInstanceCreditSpecifications DescribeInstanceStatus DescribeInstanceTypeOfferings
        DescribeInstanceTypes DescribeInstances DescribeInternetGateways DescribeKeyPairs
        DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeManagedPrefixLists
        DescribeNatGateways DescribeNetworkAcls DescribeNetworkInterfaces DescribePrefixLists
        DescribeRegions DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups
        DescribeSnapshots DescribeSubnets DescribeTags DescribeVolumes DescribeVolumesModifications
        DescribeVpcAttribute DescribeVpcClassicLink DescribeVpcEndpointServiceConfigurations
        DescribeVpcEndpoints DescribeVpcs DetachInternetGateway DetachNetworkInterface DetachVolume
        DisableVgwRoutePropagation DisassociateAddress DisassociateIamInstanceProfile
        DisassociateNatGatewayAddress DisassociateRouteTable DisassociateSubnetCidrBlock
        DisassociateVpcCidrBlock EnableVgwRoutePropagation GetConsoleOutput GetIpamPoolAllocations
        GetPasswordData ImportKeyPair ModifyAddressAttribute ModifyInstanceAttribute
        ModifyInstanceCapacityReservationAttributes ModifyInstanceCpuOptions
        ModifyInstanceCreditSpecification ModifyInstanceMaintenanceOptions ModifyInstanceMetadataOptions
        ModifyInstancePlacement ModifyLaunchTemplate ModifyNetworkInterfaceAttribute
        ModifyPrivateDnsNameOptions ModifySecurityGroupRules ModifySubnetAttribute ModifyVolume
        ModifyVpcAttribute ModifyVpcEndpoint ModifyVpcTenancy MonitorInstances RebootInstances
        ReleaseAddress ReplaceIamInstanceProfileAssociation ReplaceRoute ReplaceRouteTableAssociation
        ResetAddressAttribute RevokeSecurityGroupEgress RevokeSecurityGroupIngress RunInstances
        StartInstances StopInstances TerminateInstances UnassignPrivateIpAddresses
        UnassignPrivateNatGatewayAddress UnmonitorInstances UpdateSecurityGroupRuleDescriptionsEgress
        UpdateSecurityGroupRuleDescriptionsIngress
    """,
    "efs": """
        CreateFileSystem CreateMountTarget DeleteFileSystem DeleteMountTarget DescribeBackupPolicy DescribeFileSystems
        DescribeLifecycleConfiguration DescribeMountTargetSecurityGroups DescribeMountTargets DescribeTags
        ModifyMountTargetSecurityGroups PutBackupPolicy PutLifecycleConfiguration TagResource UntagResource UpdateFileSystem
        UpdateFileSystemProtection
    """,
    "elb": """
        AddTags ApplySecurityGroupsToLoadBalancer AttachLoadBalancerToSubnets ConfigureHealthCheck
        CreateLoadBalancer CreateLoadBalancerListeners DeleteLoadBalancer DeleteLoadBalancerListeners
        DeregisterInstancesFromLoadBalancer DescribeInstanceHealth DescribeLoadBalancerAttributes
        DescribeLoadBalancerPolicies DescribeLoadBalancers DescribeTags DetachLoadBalancerFromSubnets
        DisableAvailabilityZonesForLoadBalancer EnableAvailabilityZonesForLoadBalancer
        ModifyLoadBalancerAttributes RegisterInstancesWithLoadBalancer RemoveTags
    """,
    "elbv2": """
        AddTags CreateListener CreateLoadBalancer CreateTargetGroup DeleteListener DeleteLoadBalancer
        DeleteTargetGroup DescribeCapacityReservation DescribeListenerAttributes DescribeListeners
        DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeTags
        DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth ModifyCapacityReservation
        ModifyIpPools ModifyListener ModifyListenerAttributes ModifyLoadBalancerAttributes ModifyTargetGroup
        ModifyTargetGroupAttributes
        RemoveTags SetIpAddressType SetSecurityGroups SetSubnets
    """,
    "events": """
        DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets
        TagResource UntagResource
    """,
    "iam": """
        AddRoleToInstanceProfile AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreateAccessKey
        CreateInstanceProfile CreatePolicy CreatePolicyVersion CreateRole CreateUser DeactivateMFADevice
        DeleteAccessKey DeleteInstanceProfile DeleteLoginProfile DeletePolicy DeletePolicyVersion DeleteRole
        DeleteRolePermissionsBoundary DeleteRolePolicy DeleteServerCertificate DeleteUser
        DeleteUserPermissionsBoundary DeleteUserPolicy DetachGroupPolicy DetachRolePolicy DetachUserPolicy
        GetAccessKeyLastUsed GetGroup GetInstanceProfile GetPolicy GetPolicyVersion GetRole GetRolePolicy GetServerCertificate
        GetUser GetUserPolicy ListAccessKeys ListAccountAliases ListAttachedRolePolicies
        ListAttachedUserPolicies ListEntitiesForPolicy ListGroupsForUser ListInstanceProfileTags
        ListInstanceProfiles ListInstanceProfilesForRole ListMFADevices ListPolicies ListPolicyVersions
        ListRolePolicies ListRoleTags ListRoles ListServerCertificates ListUserPolicies ListUsers PutRolePermissionsBoundary
        PutRolePolicy PutUserPermissionsBoundary PutUserPolicy RemoveRoleFromInstanceProfile
        RemoveUserFromGroup TagInstanceProfile TagPolicy TagRole TagServerCertificate TagUser
        UntagInstanceProfile UntagPolicy UntagRole UntagServerCertificate UntagUser UpdateAccessKey
        UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription UpdateServerCertificate UpdateUser UploadServerCertificate
    """,
    "kms": """
        CancelKeyDeletion CreateAlias CreateKey Decrypt DeleteAlias DescribeKey DisableKey
        DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey GetKeyPolicy
        GetKeyRotationStatus ListAliases ListKeys ListResourceTags PutKeyPolicy ScheduleKeyDeletion
        TagResource UntagResource UpdateAlias UpdateKeyDescription
    """,
    "logs": """
        AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogGroups DisassociateKmsKey
        ListTagsForResource PutLogGroupDeletionProtection PutRetentionPolicy TagResource UntagResource
    """,
    "rds": """
        AddTagsToResource CreateDBInstance CreateDBInstanceReadReplica CreateDBParameterGroup CreateDBSubnetGroup
        DeleteBlueGreenDeployment DeleteDBInstance DeleteDBParameterGroup DeleteDBSubnetGroup DescribeBlueGreenDeployments
        DescribeDBInstances DescribeDBParameterGroups DescribeDBParameters DescribeDBSnapshots DescribeDBSubnetGroups ListTagsForResource ModifyDBInstance
        ModifyDBParameterGroup ModifyDBSubnetGroup PromoteReadReplica RebootDBInstance RemoveTagsFromResource ResetDBParameterGroup
        RestoreDBInstanceFromDBSnapshot RestoreDBInstanceFromS3 RestoreDBInstanceToPointInTime
    """,
    "route53": """
        AssociateVPCWithHostedZone ChangeResourceRecordSets ChangeTagsForResource CreateHostedZone
        DeleteHostedZone DisableHostedZoneDNSSEC DisassociateVPCFromHostedZone GetChange GetDNSSEC
        GetHostedZone ListHostedZones ListHostedZonesByName ListResourceRecordSets ListTagsForResource
        UpdateHostedZoneComment
    """,
    "s3": """
        AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload
        DeleteBucket DeleteBucketCors DeleteBucketEncryption DeleteBucketLifecycle
        DeleteBucketOwnershipControls DeleteBucketPolicy DeleteBucketReplication DeleteBucketTagging
        DeleteBucketWebsite DeleteObject DeleteObjectTagging DeleteObjects DeletePublicAccessBlock
        GetBucketAccelerateConfiguration GetBucketAcl GetBucketCors GetBucketEncryption
        GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging GetBucketOwnershipControls
        GetBucketPolicy GetBucketReplication GetBucketRequestPayment GetBucketTagging GetBucketVersioning
        GetBucketWebsite GetObject GetObjectLockConfiguration GetObjectTagging GetPublicAccessBlock
        HeadBucket HeadObject ListBuckets ListMultipartUploads ListObjectVersions ListObjects ListObjectsV2
        ListParts PutBucketAccelerateConfiguration PutBucketAcl PutBucketCors PutBucketEncryption
        PutBucketLifecycleConfiguration PutBucketLogging PutBucketOwnershipControls PutBucketPolicy
        PutBucketReplication PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
        PutObject PutObjectAcl PutObjectLegalHold PutObjectLockConfiguration PutObjectRetention
        PutObjectTagging PutPublicAccessBlock UploadPart
    """,
    "secretsmanager": """
        CreateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetResourcePolicy GetSecretValue
        ListSecretVersionIds PutResourcePolicy PutSecretValue RemoveRegionsFromReplication
        ReplicateSecretToRegions TagResource UntagResource UpdateSecret UpdateSecretVersionStage
    """,
    "sns": """
        CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes ListTagsForResource
        SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource
    """,
    "sqs": """
        CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags ListQueues
        ReceiveMessage SendMessage SetQueueAttributes TagQueue UntagQueue
    """,
    "ssm": """
        AddTagsToResource DeleteParameter DescribeParameters GetParameter GetParameters ListTagsForResource
        PutParameter RemoveTagsFromResource
    """,
    "sts": """
        AssumeRole AssumeRoleWithWebIdentity DecodeAuthorizationMessage GetCallerIdentity GetFederationToken
        GetSessionToken
    """,
}

# What the codec and the client read of a shape, of a use of one, and of an operation.
SHAPE_KEYS = {
    "type", "members", "required", "member", "key", "value", "payload", "document", "sensitive",
    "exception", "error", "flattened", "locationName", "location", "queryName", "xmlNamespace", "xmlAttribute",
    "timestampFormat", "streaming", "eventstream", "jsonvalue", "idempotencyToken", "shape",
}
OPERATION_KEYS = {
    "name", "http", "input", "output", "errors", "endpoint", "httpChecksum", "httpChecksumRequired", "authtype",
    "unsignedPayload",
}
# A service that speaks several protocols is spoken to in the first of these.
PROTOCOLS = ("json", "query", "ec2", "rest-json", "rest-xml")
METADATA_KEYS = {
    "apiVersion", "endpointPrefix", "globalEndpoint", "jsonVersion", "protocol", "serviceId", "signingName",
    "targetPrefix", "xmlNamespace", "awsQueryCompatible",
}


def load(service, name):
    folder = os.path.join(DATA, service)
    path = os.path.join(folder, max(os.listdir(folder)), name)
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rt", encoding="utf-8") as file:
            return json.load(file)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    return {}


def trim_reference(reference):
    return {key: value for key, value in reference.items() if key in SHAPE_KEYS}


def trim_shape(shape):
    kept = trim_reference(shape)
    if "members" in kept:
        kept["members"] = {name: trim_reference(member) for name, member in kept["members"].items()}
    for part in ("member", "key", "value"):
        if isinstance(kept.get(part), dict):
            kept[part] = trim_reference(kept[part])
    return kept


def references(shape):
    for member in shape.get("members", {}).values():
        yield member["shape"]
    for part in ("member", "key", "value"):
        if isinstance(shape.get(part), dict):
            yield shape[part]["shape"]


def trim_service(service, names):
    model = load(service, "service-2.json")
    missing = sorted(set(names) - set(model["operations"]))
    if missing:
        sys.exit(f"{service}: botocore has no {', '.join(missing)}")
    operations = {}
    waiting = []
    for name in sorted(names):
        operation = {key: value for key, value in model["operations"][name].items() if key in OPERATION_KEYS}
        for part in ("input", "output"):
            if part in operation:
                operation[part] = {k: v for k, v in operation[part].items() if k in SHAPE_KEYS | {"resultWrapper"}}
                waiting.append(operation[part]["shape"])
        if "errors" in operation:
            operation["errors"] = [{"shape": error["shape"]} for error in operation["errors"]]
            waiting += [error["shape"] for error in operation["errors"]]
        operations[name] = operation
    shapes = {}
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = trim_shape(model["shapes"][name])
            waiting += references(shapes[name])
    metadata = model["metadata"]
    if metadata["protocol"] not in PROTOCOLS:
        metadata["protocol"] = next(protocol for protocol in PROTOCOLS if protocol in metadata["protocols"])
    pages = load(service, "paginators-1.json").get("pagination", {})
    return {
        "metadata": {key: value for key, value in metadata.items() if key in METADATA_KEYS},
        "operations": operations,
        "pagination": {name: pages[name] for name in operations if name in pages},
        "shapes": dict(sorted(shapes.items())),
    }


def lines(value):
    """JSON with one operation, shape or partition a line."""
    def text(part):
        return json.dumps(part, separators=(",", ":"), ensure_ascii=False)

    sections = []
    for key, section in value.items():
        if isinstance(section, dict):
            entries = ",\n".join(f"{text(name)}:{text(entry)}" for name, entry in section.items())
            sections.append(f"{text(key)}:{{\n{entries}\n}}")
        else:
            sections.append(f"{text(key)}:[\n" + ",\n".join(text(entry) for entry in section) + "\n]")
    return "{" + ",\n".join(sections) + "}"


def write(name, value):
    path = os.path.join(OUTPUT, name + ".json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(lines(value) + "\n")
    return os.path.getsize(path)


def trim_partitions():
    with open(os.path.join(DATA, "partitions.json"), encoding="utf-8") as file:
        partitions = json.load(file)["partitions"]
    for partition in partitions:
        partition["regions"] = {name: region.get("description", "") for name, region in partition["regions"].items()}
    return {"partitions": partitions}


def main():
    os.makedirs(OUTPUT, exist_ok=True)
    size = write("partitions", trim_partitions())
    count = 0
    for service, names in sorted(OPERATIONS.items()):
        model = trim_service(service, names.split())
        size += write(service, model)
        count += len(model["operations"])
        print(f"{service}: {len(model['operations'])} operations, {len(model['shapes'])} shapes")
    with open(os.path.join(OUTPUT, "NOTICE"), "w", encoding="utf-8") as file:
        file.write(
            "The *.json files here are derived from botocore "
            f"{botocore.__version__} (https://github.com/boto/botocore):\n"
            "a subset of its service models, with documentation and constraints removed, written by\n"
            "tools/trim_models.py. They are licensed under the Apache License, Version 2.0.\n\n"
            "Botocore\nCopyright 2012-2022 Amazon.com, Inc. or its affiliates. All Rights Reserved.\n"
        )
    print(f"{count} operations, {size} bytes")


if __name__ == "__main__":
    main()
