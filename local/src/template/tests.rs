//! Tests with small templates that have one error each. `tests/service.rs` tests the deployed template.

mod service;

use std::time::Duration;

use super::*;

fn here() -> StackIdentity {
    StackIdentity {
        account_id: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
        stack_name: "switchboard".to_owned(),
        sqs_url: "http://127.0.0.1:8080/sqs".to_owned(),
        unique_id: "51af3dc0-da77-11e4-872e-1234567db123".to_owned(),
    }
}

fn parse(text: &str) -> Result<Deployment, TemplateError> {
    Deployment::parse("template.yaml", text, &here(), &BTreeMap::new())
}

fn problem(text: &str) -> TemplateError {
    match parse(text) {
        Ok(_) => panic!("a template that must be refused was read"),
        Err(error) => error,
    }
}

/// A template with a function, its permission and its rule. Tests replace parts of it.
const SMALL: &str = "
Parameters:
  Parent: {Type: String, Default: call-up}
Globals:
  Function: {Runtime: provided.al2023, Timeout: 7, Environment: {Variables: {SHARED: '1', OWN: global}}}
Resources:
  Failed: {Type: AWS::SQS::Queue}
  Timers:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 60, RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 3}}
  Wake:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: wake}}
    Properties:
      Environment: {Variables: {OWN: !Sub '${Parent}/${!kept}/${Timers.QueueName}', QUEUE: !Ref Timers}}
      Events:
        Timer:
          Type: SQS
          Properties: {Queue: !GetAtt Timers.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures]}
        Sweep:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(1 minute)
  WakeRule:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: '2016-03-23'
        Sql: !Join ['', ['SELECT * FROM ', \"'\", !Ref Parent, /wake, \"'\"]]
        Actions:
          - Lambda: {FunctionArn: !GetAtt Wake.Arn}
        ErrorAction: {Sqs: {QueueUrl: !Ref Failed, RoleArn: x}}
  WakePermission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Wake, Principal: iot.amazonaws.com}
";

#[test]
fn globals_are_merged_and_references_are_resolved() {
    let deployment = parse(SMALL).expect("a template");
    let wake = deployment.functions.first().expect("a function");
    assert_eq!(wake.timeout, Duration::from_secs(7));
    assert_eq!(wake.environment["SHARED"], "1");
    assert_eq!(wake.environment["OWN"], "call-up/${kept}/switchboard-Timers");
    assert_eq!(wake.environment["QUEUE"], "http://127.0.0.1:8080/sqs/000000000000/switchboard-Timers");
    assert_eq!(wake.arn, "arn:aws:lambda:us-east-1:000000000000:function:switchboard-Wake");
    assert!(deployment.rules.first().expect("a rule").statement.topic_filter().matches("call-up/wake"));
}

#[test]
fn queues_and_schedules_invoke_functions() {
    let deployment = parse(SMALL).expect("a template");
    let wake = deployment.functions.first().expect("a function");
    let source =
        QueueSource { queue: "switchboard-Timers".to_owned(), batch_size: 5, reports_failures: true };
    assert_eq!(wake.queues, [source]);
    assert_eq!(wake.schedules.first().map(|schedule| schedule.every), Some(Duration::from_mins(1)));

    let timers = deployment.queues.iter().find(|queue| queue.name == "switchboard-Timers").expect("a queue");
    assert_eq!(timers.visibility_timeout, Duration::from_mins(1));
    let redrive = Redrive { queue: "switchboard-Failed".to_owned(), max_receive_count: 3 };
    assert_eq!(timers.redrive.as_ref(), Some(&redrive));
}

#[test]
fn a_resource_whose_condition_is_false_is_left_out() {
    let with_condition = SMALL
        .replace("Resources:\n", "Conditions: {Never: !Equals [!Ref Parent, other]}\nResources:\n")
        .replace("  WakeRule:\n", "  WakeRule:\n    Condition: Never\n");
    assert!(parse(&with_condition).expect("a template").rules.is_empty());
}

#[test]
fn an_unsupported_part_is_refused_with_file_line_and_path() {
    let error = problem(&SMALL.replace("SELECT * FROM", "SELECT nonsense() AS n FROM"));
    let line = SMALL.lines().position(|line| line.contains("Sql:")).map(|index| index + 1);
    assert_eq!(error.line, line);
    assert_eq!(error.place, "Resources.WakeRule.Properties.TopicRulePayload.Sql");
    assert!(error.to_string().starts_with("template.yaml:"), "{error}");
    assert!(error.problem.contains("`nonsense` is not supported"), "{error}");
}

#[test]
fn the_error_names_each_unsupported_part() {
    for (from, to, problem_part) in [
        ("Default: call-up", "Description: none", "has no default"),
        ("!Ref Parent", "!Ref Nobody", "unknown parameter or resource `Nobody`"),
        ("!Ref Parent", "!ImportValue Parent", "!ImportValue"),
        ("Timers.QueueName", "Timers.Colour", "does not support `Colour`"),
        ("rate(1 minute)", "cron(0 * * * ? *)", "`rate(n minutes|hours|days)` only"),
        ("Type: SQS", "Type: Api", "not `Api`"),
        ("'2016-03-23'", "'2015-10-08'", "'2016-03-23' only"),
        ("- Lambda: {FunctionArn", "- Republish: {Topic", "`Lambda` only"),
        ("Principal: iot.amazonaws.com", "Principal: s3.amazonaws.com", "no AWS::Lambda::Permission"),
        ("Runtime: provided.al2023", "Runtime: python3.13", "binaries"),
        ("Binary: wake", "Other: wake", "is missing"),
        ("!GetAtt Failed.Arn", "!GetAtt Wake.Arn", "not the ARN of a queue"),
    ] {
        assert!(SMALL.contains(from), "{from}");
        let error = problem(&SMALL.replace(from, to));
        assert!(error.problem.contains(problem_part), "{from} -> {to}: {error}");
        assert!(!error.place.is_empty(), "{from} -> {to}: {error}");
    }
}

#[test]
fn broken_yaml_is_refused_with_its_line() {
    let error = problem("Resources:\n  A: {\n");
    assert!(error.line.is_some(), "{error}");
}

#[test]
fn a_role_has_only_hand_written_statements() {
    let with = |policies: &str| {
        SMALL.replace("      Events:\n", &format!("      Policies: {policies}\n      Events:\n"))
    };
    let statement = "[{Statement: {Effect: Allow, Action: 'sqs:*', Resource: !GetAtt Timers.Arn}}]";
    let deployment = parse(&with(statement)).expect("a template");
    let role = &deployment.functions.first().expect("a function").role;
    assert_eq!(role[0].resources, ["arn:aws:sqs:us-east-1:000000000000:switchboard-Timers"]);

    for (policies, problem_part) in [
        ("AmazonDynamoDBFullAccess", "policies with a `Statement` only"),
        ("[DynamoDBCrudPolicy: {TableName: x}]", "policies with a `Statement` only"),
        ("[{Statement: {Effect: Allow, Action: '*'}}]", "needs `Effect`, `Action` and `Resource`"),
        ("[{Statement: {Effect: Allow, Action: '*', NotResource: x, Resource: y}}]", "`NotResource`"),
        (
            "[{Statement: {Effect: Allow, Action: '*', Resource: '*', Condition: {Bool: {a: b}}}}]",
            "`StringLike` and `StringEquals` only",
        ),
    ] {
        let error = problem(&with(policies));
        assert!(error.problem.contains(problem_part), "{policies}: {error}");
    }
}

#[test]
fn a_function_has_a_url_only_if_the_template_makes_it_public() {
    let with = |url: &str| {
        let url = format!(
            "  Url:\n    Type: AWS::Lambda::Url\n    Properties: {{TargetFunctionArn: !GetAtt Wake.Arn, {url}}}\n"
        );
        SMALL.replace("  WakeRule:\n", &format!("{url}  WakeRule:\n"))
    };
    let has_url = |template: &str| parse(template).expect("a template").functions[0].has_url;
    assert!(!has_url(SMALL));
    assert!(has_url(&with("AuthType: NONE")));
    assert!(has_url(&with("AuthType: NONE, InvokeMode: BUFFERED")));
    for url in [
        "AuthType: AWS_IAM",
        "AuthType: NONE, InvokeMode: RESPONSE_STREAM",
        "AuthType: NONE, Cors: {AllowOrigins: ['*']}",
        "InvokeMode: BUFFERED",
    ] {
        assert!(problem(&with(url)).place.starts_with("Resources.Url"), "{url}");
    }
    let by_sam =
        SMALL.replace("      Events:\n", "      FunctionUrlConfig: {AuthType: NONE}\n      Events:\n");
    assert!(problem(&by_sam).place.contains("FunctionUrlConfig"));
}
