-- A database as version 3 of the schema left it: one visit, on which a technician changed a part and asked for another.
PRAGMA foreign_keys = OFF;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE actor (
    tenant   TEXT NOT NULL,
    document BLOB NOT NULL,
    actor    BLOB NOT NULL,
    device   BLOB,
    PRIMARY KEY (tenant, document, actor),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "actor" VALUES('main',X'C8C8FD69CEA346888173103867E9FEBF',X'9BCBD43CF16C4BB899D9CDE3013F9023',X'9BCBD43CF16C4BB899D9CDE3013F9023');
INSERT INTO "actor" VALUES('main',X'C8C8FD69CEA346888173103867E9FEBF',X'B8BB14AB62FFD777C89D613B377D0237',NULL);
CREATE TABLE alert (
    tenant          TEXT NOT NULL,
    document        BLOB NOT NULL,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    person          TEXT NOT NULL,
    situation       TEXT,
    raised_at       INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    acknowledged_at INTEGER,
    PRIMARY KEY (tenant, document, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT NOT NULL REFERENCES tenant (id),
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
INSERT INTO "audit" VALUES(1,'main',1772438400008,'server','token-create','632a4590','admin');
INSERT INTO "audit" VALUES(2,'main',1772438400011,'console','import','boston-311','600 requests: 600 added, 0 known, 0 refused');
INSERT INTO "audit" VALUES(3,'main',1772438400032,'office','technician-add','lee','');
INSERT INTO "audit" VALUES(4,'main',1772438400033,'office','technician-add','mei','');
INSERT INTO "audit" VALUES(5,'main',1772438400034,'office','dispatch','c8c8fd69-cea3-4688-8173-103867e9febf','101001241039');
INSERT INTO "audit" VALUES(6,'main',1772438400056,'office','enrolment-issue','lee','');
INSERT INTO "audit" VALUES(7,'main',1772438400058,'lee','enrol','9bcbd43c-f16c-4bb8-99d9-cde3013f9023','');
CREATE TABLE change (
    tenant      TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    document    BLOB NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    actor       BLOB NOT NULL,
    actor_seq   INTEGER NOT NULL,
    bytes       BLOB NOT NULL,
    device      BLOB,
    person      TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, seq),
    UNIQUE (tenant, document, hash),
    UNIQUE (tenant, document, actor, actor_seq),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, device) REFERENCES device (tenant, id)
) STRICT;
INSERT INTO "change" VALUES('main',1,X'C8C8FD69CEA346888173103867E9FEBF',X'9D3163E60E678661555C54126F9B02925A89966F92B9D19EA33B1F065D9F4852',X'B8BB14AB62FFD777C89D613B377D0237',1,X'856F4A839D3163E601E8070010B8BB14AB62FFD777C89D613B377D02370101808795CD0608726567697374657200080104020C159E0334014208562157D803700200082400000805060C0706190B09020A5406736368656D61026964046B696E64036A6F62087374616E64617264066F6666696365056669656C640474616C6B056F72646572066576656E747307616E7377657273086174746573746564086D65617375726573066576656E747307616E7377657273086D656173757265730570617274730670686F746F7309646F63756D656E74730A7369676E617475726573057365616C73067375727665790861747465737465640A616D656E646D656E7473056E6F74657305636175736508736F6C7574696F6E0573746570730D636F6D6D756E69636174696F6E096F626A656374696F6E0E74656D706F726172792D706C616E0461726561076368616E6E656C056661756C74086C61746974756465086C6F636174696F6E096C6F6E676974756465066E756D6265720B72656365697665645F61740C736572766963655F7479706507757267656E637909776F726B5F747970652438633035653561642D323637382D383164322D626238632D6162323932333063383132372439653562613238392D656638342D386665322D393033392D3033396565363933633533392C0501140006040D017B13C6045676D60E1A0078A601F601A60176B6068601C601960303667EA609C6090263386338666436392D636561332D343638382D383137332D3130333836376539666562667669736974736572766963657B226964223A22657865637574696F6E2D666F726D222C2276657273696F6E223A22312E302E30222C22736861323536223A2234646338623963656534306463316337626134393832396165373030313631373331383538373830323537626538643532303163613537623765303063656131227D446F72636865737465724369747920576F726B6572204170704361746368626173696E34322E323936363733302057696C6C69616D2054204D6F7272697373657920426C76642020446F726368657374657220204D41202030323132322D37312E30343739313031303031323431303339323031352D30312D30325430393A31373A34332D30353A30307265706169726E6F726D616C7265706169727B2274797065223A22726571756573742D7265636569766564222C226279223A226F6666696365222C226174223A22323031352D30312D30325430393A31373A34332D30353A3030227D7B2274797065223A22726571756573742D72656769737465726564222C226279223A226F6666696365222C226174223A22323032362D30332D30325430383A30303A30302B30303A3030227D2C00',NULL,'office',1772438400034);
INSERT INTO "change" VALUES('main',2,X'C8C8FD69CEA346888173103867E9FEBF',X'1F918866C4749581A830704CB3011D58C6FC72CCC71C2FDA6B6436E94F295B22',X'B8BB14AB62FFD777C89D613B377D0237',2,X'856F4A831F91886601FB02019D3163E60E678661555C54126F9B02925A89966F92B9D19EA33B1F065D9F485210B8BB14AB62FFD777C89D613B377D0237022D808795CD06086469737061746368000801020203153134014202560557E601700202007E0A067E2433323961353535322D326361632D343730612D386637642D3238633361353834396433620A61737369676E6D656E740202017EA609C6137B2274797065223A226F726465722D64697370617463686564222C226279223A226F6666696365222C226174223A22323032362D30332D30325430383A30303A30302B30303A3030227D7B2263726577223A5B226C6565225D2C227374617274223A22323032362D30332D30325431303A30303A30302B30303A3030222C22656E64223A22323032362D30332D30325431323A30303A30302B30303A3030222C22746F6F6C73223A5B226D756C74696D65746572225D2C226279223A226F6666696365222C226174223A22323032362D30332D30325430383A30303A30302B30303A3030227D0200',NULL,'office',1772438400034);
INSERT INTO "change" VALUES('main',4,X'C8C8FD69CEA346888173103867E9FEBF',X'AD877A31B020A76E8415413C762E664CCA0C60D223BC253E1C3ECAC99DC8413A',X'9BCBD43CF16C4BB899D9CDE3013F9023',1,X'856F4A83AD877A31019602011F918866C4749581A830704CB3011D58C6FC72CCC71C2FDA6B6436E94F295B22109BCBD43CF16C4BB899D9CDE3013F9023012FA8CD95CD060C636F6E73756D652D706172740110B8BB14AB62FFD777C89D613B377D023708010202021526340142025603577B70027F017F117F2439626362643433632D663136632D346262382D393964392D636465333031336639303232017F017FB60F7B226E756D626572223A2242454C542D37222C227175616E74697479223A322C227265706C61636573223A7B2273657269616C223A224F4C442D31222C2272657475726E6564223A66616C73657D2C226279223A226C6565222C226174223A22323032362D30332D30325431303A33303A30302B30303A3030227D7F00',X'9BCBD43CF16C4BB899D9CDE3013F9023','lee',1772438400083);
INSERT INTO "change" VALUES('main',5,X'C8C8FD69CEA346888173103867E9FEBF',X'630C8C3766EF92D2D46C08EDAB3636FC52881EEF9702C8124521A238262A3FC8',X'9BCBD43CF16C4BB899D9CDE3013F9023',2,X'856F4A83630C8C3701C30301AD877A31B020A76E8415413C762E664CCA0C60D223BC253E1C3ECAC99DC8413A109BCBD43CF16C4BB899D9CDE3013F90230230A8CD95CD060C726571756573742D706172740110B8BB14AB62FFD777C89D613B377D02370801020202154B34014202560557800270020201020E7E2439626362643433632D663136632D346262382D393964392D6364653330313366393032312430323762306562382D646339642D383736312D383533622D3035346232646566333766310202017EF60D96127B2274797065223A22706172742D61736B65642D666F72222C226279223A226C6565222C226174223A22323032362D30332D30325431303A33303A30302B30303A3030222C2261626F7574223A2250554D502D31222C226661637473223A7B227175616E74697479223A2231227D7D7B2274797065223A22706172742D726571756573746564222C226279223A226C6565222C226174223A22323032362D30332D30325431303A33303A30302B30303A3030222C2261626F7574223A2250554D502D31222C226661637473223A7B2272657175657374223A2239626362643433632D663136632D346262382D393964392D636465333031336639303231227D7D0200',X'9BCBD43CF16C4BB899D9CDE3013F9023','lee',1772438400083);
CREATE TABLE device (
    tenant       TEXT NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL CHECK (length(id) = 16),
    technician   TEXT NOT NULL,
    name         TEXT NOT NULL,
    enrolled_at  INTEGER NOT NULL,
    revoked_at   INTEGER,
    last_seen_at INTEGER, public_key BLOB, token_hash BLOB,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "device" VALUES('main',X'9BCBD43CF16C4BB899D9CDE3013F9023','lee','phone',1772438400058,NULL,1772438400083,X'026FF03B949241CE1DADD43519E6960E0A85B41A69A05C328103AA2BCE1594CA16',NULL);
CREATE TABLE enrolment (
    tenant     TEXT NOT NULL REFERENCES tenant (id),
    code_hash  BLOB NOT NULL CHECK (length(code_hash) = 32),
    technician TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (tenant, code_hash),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "enrolment" VALUES('main',X'CB48EA88AF65EA20F2793B48E3C0BE5D1BEAE5A0A78B684200243FFD2CF442F8','lee',1772439300056,1772438400058);
CREATE TABLE pack (
    tenant TEXT NOT NULL REFERENCES tenant (id),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    id     TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (tenant, sha256)
) STRICT, WITHOUT ROWID;
INSERT INTO "pack" VALUES('main',X'4DC8B9CEE40DC1C7BA49829AE700161731858780257BE8D5201CA57B7E00CEA1','execution-form','# Standard pack "execution-form", pack format 1: the service execution form with its five steps, its template and its key notes.
# One [[rules]] per duty, in the order of the clause catalogue. Where the standard leaves a choice open, `reading` says which
# choice this pack makes. docs/standards/README.md tells what a record cannot prove by itself.

format = 1
id = "execution-form"
version = "1.0.0"
title = { en = "Service execution form", zh = "售后服务标准执行表" }
source = "004_41c0ff252cdf4ab6"
about = { en = "Carries an after-sales visit from the first message of the customer to the filed record: registration, dispatch, preparation, conduct on site, diagnosis, consent, work, acceptance, upload, call-back and improvement. It serves customer feedback, equipment repair and usage guidance.", zh = "规定一次售后上门从客户首次反馈到记录归档的全过程：登记、派工、准备、现场礼仪、诊断、征得同意、作业、验收、上传、回访与改进。适用于客户反馈、设备维修和使用指导。" }

# --- who has duties ---------------------------------------------------------------------------------------------------

roles = [
  { id = "technician", name = { en = "Service technician", zh = "服务人员" }, side = "field" },
  { id = "customer-service", name = { en = "Customer-service staff", zh = "客服" }, side = "office" },
  { id = "supervisor", name = { en = "Service supervisor", zh = "服务主管" }, side = "office" },
  { id = "service-director", name = { en = "Service director", zh = "服务总监" }, side = "office" },
  { id = "follow-up-agent", name = { en = "Follow-up agent", zh = "回访员（客服专员）" }, side = "office" },
  { id = "warehouse", name = { en = "Storekeeper", zh = "库管员" }, side = "office" },
  { id = "any", name = { en = "Everyone involved", zh = "全体相关人员" } },
  { id = "customer", name = { en = "Customer", zh = "客户" } },
]

jobs = [
  { id = "service", kind = "visit", role = "technician", name = { en = "Service visit", zh = "上门服务" } },
]

phases = [
  { id = "general", name = { en = "Throughout", zh = "全程" } },
  { id = "intake", name = { en = "Registration", zh = "受理登记" } },
  { id = "triage", name = { en = "Urgency and type", zh = "分级分类" } },
  { id = "dispatch", name = { en = "Dispatch", zh = "派工" } },
  { id = "parts", name = { en = "Spare parts", zh = "备件" } },
  { id = "prepare", name = { en = "Preparation", zh = "出发准备" } },
  { id = "appointment", name = { en = "Appointment", zh = "预约确认" } },
  { id = "arrive", name = { en = "Arrival", zh = "到场" } },
  { id = "greet", name = { en = "Greeting", zh = "问候" } },
  { id = "diagnose", name = { en = "Diagnosis", zh = "问题诊断" } },
  { id = "consent", name = { en = "Explanation and consent", zh = "说明与同意" } },
  { id = "work", name = { en = "Work", zh = "服务实施" } },
  { id = "verify", name = { en = "Testing", zh = "试机验证" } },
  { id = "handover", name = { en = "Handover", zh = "交付说明" } },
  { id = "report", name = { en = "Form and signatures", zh = "填表与签字" } },
  { id = "complaint", name = { en = "Objection and complaint", zh = "异议与投诉" } },
  { id = "review", name = { en = "Review and escalation", zh = "复核与上报" } },
  { id = "follow-up", name = { en = "Call-back", zh = "回访" } },
  { id = "archive", name = { en = "Upload and filing", zh = "上传与归档" } },
]

# --- what the record holds ----------------------------------------------------------------------------------------------

# The standard asks for professional instruments and names the multimeter; which values are read with them is this pack''s
# proposal. The limits are limits of plausibility, not of acceptance.
quantities = [
  { id = "supply-voltage", name = { en = "Supply voltage", zh = "供电电压" }, unit = "V", min = 0.0, max = 1000.0, rule = "execution-form.professional-tools" },
  { id = "insulation-resistance", name = { en = "Insulation resistance", zh = "绝缘电阻" }, unit = "MOhm", min = 0.0, max = 100000.0, rule = "execution-form.professional-tools" },
  { id = "temperature", name = { en = "Temperature", zh = "温度" }, unit = "Cel", min = -60.0, max = 1500.0, rule = "execution-form.professional-tools" },
  { id = "pressure", name = { en = "Pressure", zh = "压力" }, unit = "kPa", min = 0.0, max = 100000.0, rule = "execution-form.professional-tools" },
]

# --- what can happen ----------------------------------------------------------------------------------------------------

events = [
  # Derived: nobody records these.
  { id = "urgent-flagged", name = { en = "Rated urgent", zh = "定为紧急" } },
  { id = "appointment-start", name = { en = "Planned start of the visit", zh = "约定的上门时间" } },
  { id = "part-replaced", name = { en = "First part replaced", zh = "首次更换备件" } },
  { id = "signed-off", name = { en = "Signed by the customer", zh = "客户已签字" } },
  { id = "rated-dissatisfied", name = { en = "Rated dissatisfied", zh = "评价为不满意" } },

  # The course of a visit.
  { id = "request-received", name = { en = "Request received", zh = "收到需求" }, by = ["office"] },
  { id = "request-registered", name = { en = "Request registered", zh = "需求已登记" }, by = ["office"] },
  { id = "order-dispatched", name = { en = "Job assigned", zh = "任务已派出" }, by = ["office"] },
  { id = "order-accepted", name = { en = "Job accepted by the crew", zh = "服务人员已接单" }, by = ["field"] },
  { id = "tools-checked", name = { en = "Tools and spares checked", zh = "工具备件已检查" }, by = ["field"] },
  { id = "appointment-confirmed", name = { en = "Visit confirmed with the customer", zh = "已与客户确认上门" }, by = ["field"] },
  { id = "departed", name = { en = "Set out", zh = "已出发" }, by = ["field"] },
  { id = "arrived", name = { en = "Arrived", zh = "已到场" }, by = ["field"] },
  { id = "badge-presented", name = { en = "Work badge shown", zh = "已出示工牌" }, by = ["field"] },
  { id = "entered", name = { en = "Let in by the customer", zh = "经客户同意入内" }, by = ["field"] },
  { id = "diagnosis-done", name = { en = "Cause identified", zh = "诊断完成" }, by = ["field"] },
  { id = "consent-given", name = { en = "Customer agreed to the work", zh = "客户同意施工" }, by = ["field"] },
  { id = "consent-refused", name = { en = "Customer declined the work", zh = "客户不同意施工" }, by = ["field"] },
  { id = "work-started", name = { en = "Work started", zh = "开始作业" }, by = ["field"] },
  { id = "paused", name = { en = "Work paused", zh = "作业暂停" }, by = ["field"] },
  { id = "resumed", name = { en = "Work resumed", zh = "作业恢复" }, by = ["field"] },
  { id = "work-reopened", name = { en = "Work taken up again", zh = "重新作业" }, by = ["field"] },
  { id = "work-finished", name = { en = "Work finished", zh = "作业完成" }, by = ["field"] },
  { id = "handed-over", name = { en = "Handed over to the customer", zh = "已向客户交付说明" }, by = ["field"] },
  { id = "left-site", name = { en = "Left the site", zh = "离开现场" }, by = ["field"] },
  { id = "record-uploaded", name = { en = "Record in the after-sales system", zh = "资料已进入售后系统" }, by = ["office"] },
  { id = "follow-up-done", name = { en = "Customer called back", zh = "已回访客户" }, by = ["office"] },
  { id = "archived", name = { en = "Record filed", zh = "记录已归档" }, by = ["office"] },
  { id = "closed", name = { en = "Visit closed", zh = "服务已关闭" }, by = ["office"] },

  # Answers, alarms and reports.
  { id = "first-response-given", name = { en = "First response given to the customer", zh = "已首次回应客户" }, by = ["office"] },
  { id = "supervisor-alerted", name = { en = "Supervisor alerted", zh = "已上报服务主管" }, by = ["office"] },
  { id = "reply-given", name = { en = "Customer answered", zh = "已答复客户" }, by = ["office", "field"] },
  { id = "improvement-set", name = { en = "Improvement measures set", zh = "改进措施已制定" }, by = ["office"] },
  { id = "director-told", name = { en = "Service director told", zh = "已报告服务总监" }, by = ["office", "field"] },
  { id = "emergency-plan-started", name = { en = "Emergency plan started", zh = "应急预案已启动" }, by = ["office"] },
  { id = "part-requested", name = { en = "Spare part requested", zh = "已申请备件" }, by = ["office", "field"] },
  { id = "old-parts-collected", name = { en = "Old parts collected", zh = "旧件已回收" }, by = ["office"] },
  { id = "old-parts-registered", name = { en = "Old parts registered", zh = "旧件已登记" }, by = ["office"] },
  { id = "objection-settled", name = { en = "Objection settled on the spot", zh = "异议当场解决" }, by = ["field"] },

  # Special situations.
  { id = "delay-foreseen", name = { en = "Delay foreseen", zh = "预计迟到" }, by = ["field"], incident = true },
  { id = "critical-step-reached", name = { en = "Key step reached", zh = "到达关键步骤" }, by = ["field"], incident = true },
  { id = "out-of-scope-request", name = { en = "Customer asked for something beyond the job", zh = "客户提出额外要求" }, by = ["field"], incident = true },
  { id = "cannot-fix-on-site", name = { en = "Fault cannot be cleared on this visit", zh = "现场无法解决" }, by = ["field"], incident = true },
  { id = "objection-raised", name = { en = "Customer objected to the result", zh = "客户提出异议" }, by = ["field"], incident = true },
  { id = "major-fault-found", name = { en = "Major fault found: safety hazard or batch quality problem", zh = "发现重大问题（安全隐患或批量质量问题）" }, by = ["office", "field"], incident = true },
  { id = "complaint-escalated", name = { en = "Complaint growing more serious", zh = "投诉升级" }, by = ["office"], incident = true },
]

# --- the course of a visit -----------------------------------------------------------------------------------------------

[visit]
opening = ["request-received", "request-registered"]
assigned = "order-dispatched"
uploaded = "record-uploaded"
planned = [{ event = "appointment-start", at = "assignment.start" }]

# Only number, fault and urgency are required at registration. Requests from other systems often come without a customer,
# a contact or a model; each of these has a rule below that reports it as missing instead.
order = [
  { id = "number", name = { en = "Service number", zh = "服务编号" }, required = true },
  { id = "customer_name", name = { en = "Customer name", zh = "客户名称" }, personal = true },
  { id = "contact_person", name = { en = "Contact person, with form of address", zh = "联系人（先生/女士）" }, personal = true },
  { id = "contact_details", name = { en = "Contact details", zh = "联系方式" }, personal = true },
  { id = "product_model", name = { en = "Product model", zh = "产品型号" } },
  { id = "service_type", name = { en = "Service type", zh = "服务类型" }, options = [
    { id = "repair", name = { en = "Repair", zh = "维修" } },
    { id = "inspection", name = { en = "Inspection", zh = "巡检" } },
    { id = "training", name = { en = "Training", zh = "培训" } },
  ] },
  { id = "work_type", name = { en = "Kind of work", zh = "业务类别" }, options = [
    { id = "feedback", name = { en = "Customer feedback", zh = "客户反馈" } },
    { id = "repair", name = { en = "Equipment repair", zh = "设备维修" } },
    { id = "usage-guidance", name = { en = "Usage guidance", zh = "使用指导" } },
  ] },
  { id = "scene", name = { en = "Scene", zh = "服务场景" }, options = [
    { id = "complaint-response", name = { en = "Answering a complaint made by phone or online", zh = "电话或网上投诉响应" } },
    { id = "on-site-repair", name = { en = "Repair on site", zh = "上门维修" } },
    { id = "periodic-inspection", name = { en = "Periodic inspection", zh = "定期巡检" } },
    { id = "post-training-tracking", name = { en = "Tracking results after user training", zh = "培训后效果跟踪" } },
  ] },
  { id = "fault", name = { en = "Fault or need as described", zh = "故障/需求描述" }, required = true },
  { id = "expected_at", name = { en = "Time by which the customer expects a solution", zh = "客户期望解决时间" } },
  { id = "urgency", name = { en = "Urgency", zh = "紧急程度" }, required = true, options = [
    { id = "normal", name = { en = "Normal", zh = "普通" } },
    { id = "urgent", name = { en = "Urgent", zh = "紧急" }, event = "urgent-flagged" },
  ] },
  { id = "channel", name = { en = "Channel of the request", zh = "来源渠道" } },
  { id = "location", name = { en = "Place of service", zh = "服务地点" }, personal = true },
  { id = "area", name = { en = "Area", zh = "所属区域" } },
  { id = "latitude", name = { en = "Latitude", zh = "纬度" }, personal = true },
  { id = "longitude", name = { en = "Longitude", zh = "经度" }, personal = true },
  { id = "entered_by", name = { en = "Entered by", zh = "系统录入人" } },
  { id = "received_at", name = { en = "Received at", zh = "接收时间" } },
  { id = "time_zone", name = { en = "Time zone of the place of service", zh = "服务地点时区" } },
]

notes = [
  { id = "cause", name = { en = "Cause of the fault", zh = "故障原因" } },
  { id = "solution", name = { en = "Solution", zh = "解决方案" } },
  { id = "steps", name = { en = "Steps carried out", zh = "操作步骤" } },
  { id = "communication", name = { en = "What was discussed with the customer", zh = "与客户沟通的内容" } },
  { id = "objection", name = { en = "Objection not settled on the spot", zh = "未能当场解决的异议" } },
  { id = "temporary-plan", name = { en = "Temporary plan agreed with the customer", zh = "与客户商定的临时方案" } },
]

# Lowest first.
states = [
  { id = "received", name = { en = "Received", zh = "已接收" }, event = "request-received" },
  { id = "registered", name = { en = "Registered", zh = "已登记" }, event = "request-registered" },
  { id = "assigned", name = { en = "Assigned", zh = "已派工" }, event = "order-dispatched" },
  { id = "accepted", name = { en = "Accepted", zh = "已接单" }, event = "order-accepted" },
  { id = "booked", name = { en = "Booked", zh = "已预约" }, event = "appointment-confirmed" },
  { id = "en-route", name = { en = "On the way", zh = "途中" }, event = "departed" },
  { id = "on-site", name = { en = "On site", zh = "已到场" }, event = "arrived" },
  { id = "diagnosed", name = { en = "Diagnosed", zh = "已诊断" }, event = "diagnosis-done" },
  { id = "consented", name = { en = "Consent given", zh = "已获同意" }, event = "consent-given" },
  { id = "in-work", name = { en = "In work", zh = "作业中" }, event = "work-started" },
  { id = "verifying", name = { en = "Testing", zh = "验证中" }, event = "work-finished" },
  { id = "handed-over", name = { en = "Handed over", zh = "已交付" }, event = "handed-over" },
  { id = "signed", name = { en = "Signed", zh = "已签字" }, event = "signed-off" },
  { id = "left", name = { en = "Left", zh = "已离场" }, event = "left-site" },
  { id = "uploaded", name = { en = "Uploaded", zh = "已上传" }, event = "record-uploaded" },
  { id = "followed-up", name = { en = "Called back", zh = "已回访" }, event = "follow-up-done" },
  { id = "archived", name = { en = "Filed", zh = "已归档" }, event = "archived" },
  { id = "closed", name = { en = "Closed", zh = "已关闭" }, event = "closed" },
]

# Events with `incident` need no step. A step that arrives late must not get stuck behind one that the office has already
# recorded, so some steps are open in later states as well.
steps = [
  # Registration records both; nothing precedes the first.
  { event = "request-received", from = [], rules = ["execution-form.register-at-once"] },
  { event = "request-registered", from = ["received"], rules = ["execution-form.register-at-once"] },
  { event = "order-dispatched", from = ["registered..booked"], repeats = true, rules = ["execution-form.assign-task"] },
  { event = "order-accepted", from = ["assigned"], rules = ["execution-form.assign-task"] },
  { event = "tools-checked", from = ["assigned..booked"], repeats = true, rules = ["execution-form.check-tools-1h"] },
  { event = "appointment-confirmed", from = ["assigned..booked"], repeats = true, rules = ["execution-form.reconfirm-visit"] },
  { event = "departed", from = ["accepted", "booked"], rules = ["execution-form.reconfirm-visit", "execution-form.confirm-address-time"] },
  { event = "arrived", from = ["en-route"], rules = ["execution-form.urgent-arrival-2h"] },
  { event = "badge-presented", from = ["on-site", "diagnosed"], rules = ["execution-form.show-badge"] },
  { event = "entered", from = ["on-site", "diagnosed"], rules = ["execution-form.show-badge"] },
  { event = "diagnosis-done", from = ["on-site"], rules = ["execution-form.diagnose-procedure", "execution-form.professional-tools"] },
  { event = "consent-given", from = ["diagnosed"], rules = ["execution-form.consent-first", "execution-form.explain-problem", "execution-form.explain-solution", "execution-form.state-duration"] },
  { event = "consent-refused", from = ["diagnosed"], repeats = true, rules = ["execution-form.consent-first"] },
  { event = "work-started", from = ["consented"], rules = ["execution-form.consent-first"] },
  { event = "paused", from = ["in-work"], repeats = true, rules = ["execution-form.traceable"] },
  { event = "resumed", from = ["in-work"], repeats = true, rules = ["execution-form.traceable"] },
  { event = "work-finished", from = ["in-work"], repeats = true, rules = ["execution-form.test-run"] },
  { event = "work-reopened", from = ["verifying", "handed-over"], repeats = true, rules = ["execution-form.problem-solved"] },
  { event = "handed-over", from = ["verifying"], repeats = true, rules = ["execution-form.explain-precautions"] },
  { event = "objection-settled", from = ["on-site..signed"], repeats = true, rules = ["execution-form.objection-explain"] },
  # The usual way out is `signed`. From the states before it the gate of customer-sign lets a visit pass only if the customer
  # declined, the fault cannot be cleared on site, or an objection is open.
  { event = "left-site", from = ["on-site..signed", "uploaded", "followed-up"], rules = ["execution-form.customer-sign"] },
  { event = "record-uploaded", from = ["signed", "left", "followed-up", "archived"], rules = ["execution-form.upload-24h", "execution-form.upload-contents"] },
  { event = "follow-up-done", from = ["left..archived"], repeats = true, rules = ["execution-form.callback-3-days"] },
  { event = "archived", from = ["uploaded", "followed-up"], rules = ["execution-form.field-archive-date", "execution-form.callback-archive"] },
  { event = "closed", from = ["archived"], rules = ["execution-form.field-archive-date"] },

  { event = "first-response-given", from = ["received..archived"], rules = ["execution-form.normal-response-24h"] },
  { event = "supervisor-alerted", from = ["received..archived"], repeats = true, rules = ["execution-form.urgent-escalate-30min"] },
  { event = "reply-given", from = ["assigned..archived"], repeats = true, rules = ["execution-form.objection-reply-24h", "execution-form.dissatisfied-feedback"] },
  { event = "improvement-set", from = ["verifying..archived"], repeats = true, rules = ["execution-form.dissatisfied-measures-48h"] },
  { event = "director-told", from = ["assigned..archived"], repeats = true, rules = ["execution-form.major-fault-escalate"] },
  { event = "emergency-plan-started", from = ["assigned..archived"], repeats = true, rules = ["execution-form.emergency-plan"] },
  { event = "part-requested", from = ["registered..archived"], repeats = true, rules = ["execution-form.spares-request", "execution-form.old-for-new"] },
  { event = "old-parts-collected", from = ["in-work..archived"], repeats = true, rules = ["execution-form.old-parts-collect"] },
  { event = "old-parts-registered", from = ["in-work..archived"], repeats = true, rules = ["execution-form.old-parts-register"] },

]

survey = { rule = "execution-form.field-satisfaction", levels = [
  { id = "satisfied", name = { en = "Satisfied", zh = "满意" } },
  { id = "basically-satisfied", name = { en = "Basically satisfied", zh = "基本满意" } },
  { id = "dissatisfied", name = { en = "Dissatisfied", zh = "不满意" }, event = "rated-dissatisfied" },
] }
signing = { event = "signed-off", signers = ["customer"], also = ["technician"], rule = "execution-form.customer-sign" }

# --- printed forms ------------------------------------------------------------------------------------------------------

[[forms]]
id = "service-execution-form"
title = { en = "Service execution form", zh = "售后服务标准执行表" }
fields = [
  { number = 1, label = { en = "Service number", zh = "服务编号" }, sources = ["order.number"], rule = "execution-form.field-service-number" },
  { number = 2, label = { en = "Customer name", zh = "客户名称" }, sources = ["order.customer_name"], rule = "execution-form.field-customer-name" },
  { number = 3, label = { en = "Contact person (Mr or Ms)", zh = "联系人（先生/女士）" }, sources = ["order.contact_person"], rule = "execution-form.field-contact-person" },
  { number = 4, label = { en = "Contact details", zh = "联系方式" }, sources = ["order.contact_details"], rule = "execution-form.field-contact-details" },
  { number = 5, label = { en = "Product model", zh = "产品型号" }, sources = ["order.product_model"], rule = "execution-form.field-product-model" },
  { number = 6, label = { en = "Service type", zh = "服务类型" }, sources = ["order.service_type"], rule = "execution-form.field-service-type" },
  { number = 7, label = { en = "Fault or need", zh = "故障/需求描述" }, sources = ["order.fault"], rule = "execution-form.field-fault" },
  { number = 8, label = { en = "Service time", zh = "服务时间" }, sources = ["event.arrived", "event.work-finished"], rule = "execution-form.field-service-time" },
  { number = 9, label = { en = "Service place", zh = "服务地点" }, sources = ["order.location"], rule = "execution-form.field-service-place" },
  { number = 10, label = { en = "Technician", zh = "服务人员" }, sources = ["assignment.crew"], rule = "execution-form.field-technician" },
  { number = 11, label = { en = "Urgency", zh = "紧急程度" }, sources = ["order.urgency"], rule = "execution-form.field-urgency" },
  { number = 12, label = { en = "Parts replaced (if any)", zh = "备件更换（如有）" }, sources = ["parts"], rule = "execution-form.field-parts-replaced" },
  { number = 13, label = { en = "Process record: cause, solution, steps", zh = "服务过程记录（故障原因、解决方案、操作步骤）" }, sources = ["note.cause", "note.solution", "note.steps"], rule = "execution-form.field-process-record" },
  { number = 14, label = { en = "Customer signature", zh = "客户签字确认" }, sources = ["signature.customer"], rule = "execution-form.customer-sign" },
  { number = 15, label = { en = "Satisfaction", zh = "满意度评价" }, sources = ["survey.rating"], rule = "execution-form.field-satisfaction" },
  { number = 16, label = { en = "Customer''s comments and suggestions", zh = "客户评价/建议" }, sources = ["survey.words"], rule = "execution-form.field-comments" },
  { number = 17, label = { en = "Technician signature", zh = "服务人员签字" }, sources = ["signature.technician"], rule = "execution-form.field-technician-signature" },
  { number = 18, label = { en = "Follow-up record", zh = "回访记录" }, sources = [], rule = "execution-form.callback-satisfaction" },
  { number = 19, label = { en = "Follow-up time and satisfaction", zh = "回访时间与满意度" }, sources = ["event.follow-up-done", "answer.execution-form.callback-satisfaction"], rule = "execution-form.field-follow-up-time" },
  { number = 20, label = { en = "Date filed", zh = "归档日期" }, sources = ["event.archived"], rule = "execution-form.field-archive-date" },
  { number = 21, label = { en = "Entered by", zh = "系统录入人" }, sources = ["order.entered_by"], rule = "execution-form.field-entered-by" },

  # Demanded by the procedure, without a box on the printed form.
  { label = { en = "Time by which the customer expects a solution", zh = "客户期望解决时间" }, sources = ["order.expected_at"], rule = "execution-form.field-expected-time" },
  { label = { en = "What was discussed with the customer", zh = "与客户沟通的内容" }, sources = ["note.communication"], rule = "execution-form.record-communication" },
  { label = { en = "Repair duration or part lead time", zh = "维修时长或备件到货周期" }, sources = ["answer.execution-form.state-duration"], rule = "execution-form.state-duration" },
  { label = { en = "Consent given at", zh = "客户同意时间" }, sources = ["event.consent-given"], rule = "execution-form.consent-first" },
  { label = { en = "Tools to carry", zh = "携带工具清单" }, sources = ["assignment.tools"], rule = "execution-form.tool-list" },
  { label = { en = "Spare part requested at", zh = "备件申请时间" }, sources = ["event.part-requested"], rule = "execution-form.spares-request" },
  { label = { en = "Photos of key steps", zh = "关键步骤照片" }, sources = ["photos"], rule = "execution-form.photo-key-steps" },
  { label = { en = "Temporary plan", zh = "临时方案" }, sources = ["note.temporary-plan"], rule = "execution-form.temporary-plan" },
  { label = { en = "Time of the next step", zh = "后续处理时间" }, sources = ["answer.execution-form.temporary-next-time"], rule = "execution-form.temporary-next-time" },
  { label = { en = "Test run in order", zh = "试机结果" }, sources = ["answer.execution-form.test-run"], rule = "execution-form.test-run" },
  { label = { en = "Problem solved", zh = "问题是否解决" }, sources = ["answer.execution-form.problem-solved"], rule = "execution-form.problem-solved" },
  { label = { en = "Points to watch", zh = "使用注意事项" }, sources = ["answer.execution-form.explain-precautions"], rule = "execution-form.explain-precautions" },
  { label = { en = "Objection not settled on the spot", zh = "未能当场解决的异议" }, sources = ["note.objection"], rule = "execution-form.objection-record" },
  { label = { en = "Objection answered at", zh = "异议答复时间" }, sources = ["event.reply-given"], rule = "execution-form.objection-reply-24h" },
  { label = { en = "Reason for a missed deadline", zh = "超时原因" }, sources = ["event.delay-explained"], rule = "execution-form.overdue-reason" },
  { label = { en = "Missed deadline escalated at", zh = "超时上报时间" }, sources = ["event.escalated"], rule = "execution-form.overdue-escalate" },
  { label = { en = "Equipment status at the call-back", zh = "回访时设备运行情况" }, sources = ["answer.execution-form.callback-status"], rule = "execution-form.callback-status" },
  { label = { en = "Causes of the dissatisfied rating", zh = "不满意原因分析" }, sources = ["answer.execution-form.dissatisfied-analysis"], rule = "execution-form.dissatisfied-analysis" },
  { label = { en = "Improvement measures set at", zh = "改进措施制定时间" }, sources = ["event.improvement-set"], rule = "execution-form.dissatisfied-measures-48h" },
  { label = { en = "Customer told of the measures at", zh = "向客户反馈时间" }, sources = ["event.reply-given"], rule = "execution-form.dissatisfied-feedback" },
  { label = { en = "Request received and registered at", zh = "需求接收与登记时间" }, sources = ["event.request-received", "event.request-registered"], rule = "execution-form.register-at-once" },
  { label = { en = "Supervisor alerted at", zh = "上报主管时间" }, sources = ["event.supervisor-alerted"], rule = "execution-form.urgent-escalate-30min" },
  { label = { en = "First response at", zh = "首次回应时间" }, sources = ["event.first-response-given"], rule = "execution-form.normal-response-24h" },
  { label = { en = "Arrived at", zh = "到场时间" }, sources = ["event.arrived"], rule = "execution-form.urgent-arrival-2h" },
  { label = { en = "Work finished at", zh = "作业完成时间" }, sources = ["event.work-finished"], rule = "execution-form.callback-3-days" },
  { label = { en = "Record uploaded at", zh = "资料上传时间" }, sources = ["event.record-uploaded"], rule = "execution-form.upload-24h" },
  { label = { en = "Signed original back at the company", zh = "签字原件回收" }, sources = ["event.signed-off", "event.record-uploaded"], rule = "execution-form.retrieve-original" },
]

# The standard names the four papers below without listing their fields.
[[forms]]
id = "fault-handling-report"
title = { en = "Fault handling report", zh = "故障处理报告" }
fields = [
  { label = { en = "Service number", zh = "服务编号" }, sources = ["order.number"], rule = "execution-form.field-service-number" },
  { label = { en = "Product model", zh = "产品型号" }, sources = ["order.product_model"], rule = "execution-form.field-product-model" },
  { label = { en = "Fault as reported", zh = "故障描述" }, sources = ["order.fault"], rule = "execution-form.upload-contents" },
  { label = { en = "Cause", zh = "故障原因" }, sources = ["note.cause"], rule = "execution-form.record-complete" },
  { label = { en = "Solution", zh = "解决方案" }, sources = ["note.solution"], rule = "execution-form.record-complete" },
  { label = { en = "Steps carried out", zh = "操作步骤" }, sources = ["note.steps"], rule = "execution-form.field-process-record" },
  { label = { en = "Parts replaced", zh = "更换备件" }, sources = ["parts"], rule = "execution-form.field-parts-replaced" },
  { label = { en = "Result: test run in order, problem solved", zh = "处理结果（试机、问题是否解决）" }, sources = ["answer.execution-form.test-run", "answer.execution-form.problem-solved"], rule = "execution-form.problem-solved" },
  { label = { en = "Temporary plan, if not solved", zh = "未解决时的临时方案" }, sources = ["note.temporary-plan"], rule = "execution-form.temporary-plan" },
  { label = { en = "Technician", zh = "服务人员" }, sources = ["assignment.crew"], rule = "execution-form.field-technician" },
]

[[forms]]
id = "spare-part-request"
title = { en = "Spare-part request", zh = "备件申请" }
fields = [
  { label = { en = "Service number", zh = "服务编号" }, sources = ["order.number"], rule = "execution-form.spares-request" },
  { label = { en = "Product model", zh = "产品型号" }, sources = ["order.product_model"], rule = "execution-form.field-product-model" },
  { label = { en = "Requested on", zh = "申请时间" }, sources = ["event.part-requested"], rule = "execution-form.spares-request" },
  { label = { en = "Parts with quantity and return of the old part", zh = "备件、数量及旧件交回情况" }, sources = ["parts"], rule = "execution-form.old-for-new" },
  { label = { en = "For technician", zh = "领用人" }, sources = ["assignment.crew"], rule = "execution-form.field-technician" },
]

[[forms]]
id = "old-part-register"
title = { en = "Register of old parts", zh = "旧件回收登记" }
fields = [
  { label = { en = "Service number", zh = "服务编号" }, sources = ["order.number"], rule = "execution-form.old-parts-register" },
  { label = { en = "Old parts", zh = "旧件" }, sources = ["parts"], rule = "execution-form.old-parts-register" },
  { label = { en = "Received on, by", zh = "回收时间、接收人" }, sources = ["event.old-parts-collected"], rule = "execution-form.old-parts-collect" },
  { label = { en = "Registered on, by", zh = "登记时间、登记人" }, sources = ["event.old-parts-registered"], rule = "execution-form.old-parts-register" },
]

[[forms]]
id = "site-photos"
title = { en = "Site photos", zh = "现场照片" }
fields = [
  { label = { en = "Service number", zh = "服务编号" }, sources = ["order.number"], rule = "execution-form.upload-contents" },
  { label = { en = "Photos with step, before or after, and time", zh = "照片（步骤、前后、时间）" }, sources = ["photos"], rule = "execution-form.photo-key-steps" },
  { label = { en = "Taken by", zh = "拍摄人" }, sources = ["assignment.crew"], rule = "execution-form.photo-key-steps" },
]

# --- special situations -------------------------------------------------------------------------------------------------

# Each gathers the rules that speak of it, in the order in which they are done; it adds no duty of its own.
[[situations]]
id = "cannot-fix"
name = { en = "Cannot be fixed on site", zh = "现场无法解决" }
opens = ["cannot-fix-on-site"]
rules = ["execution-form.temporary-plan", "execution-form.temporary-next-time"]
tells = [{ to = "customer", rule = "execution-form.temporary-plan" }]

[[situations]]
id = "out-of-scope"
name = { en = "Customer asks for something beyond the job", zh = "客户提出额外要求" }
opens = ["out-of-scope-request"]
closes = ["left-site"]
rules = ["execution-form.no-change-of-content", "execution-form.no-extra-promise"]

[[situations]]
id = "objection"
name = { en = "Customer objects to the result", zh = "客户对结果有异议" }
opens = ["objection-raised"]
closes = ["objection-settled", "reply-given"]
rules = ["execution-form.objection-explain", "execution-form.objection-record", "execution-form.objection-reply-24h"]
tells = [{ to = "customer", rule = "execution-form.objection-reply-24h" }]

[[situations]]
id = "dissatisfied"
name = { en = "Customer is dissatisfied", zh = "客户不满意" }
opens = ["rated-dissatisfied"]
rules = ["execution-form.dissatisfied-analysis", "execution-form.dissatisfied-measures-48h", "execution-form.dissatisfied-feedback"]
tells = [{ to = "customer", rule = "execution-form.dissatisfied-feedback" }]

[[situations]]
id = "major-fault"
name = { en = "Major fault, or a complaint that grows more serious", zh = "重大问题或投诉升级" }
opens = ["major-fault-found", "complaint-escalated"]
rules = ["execution-form.major-fault-escalate", "execution-form.emergency-plan"]
tells = [{ to = "service-director", rule = "execution-form.major-fault-escalate" }]

# --- rules --------------------------------------------------------------------------------------------------------------
# 适用工作场景: where the form applies

[[rules]]
id = "execution-form.scope-work-types"
clause = "适用工作场景"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Use this form for one of its three kinds of work: customer feedback, equipment repair or usage guidance. Say which one it is.", zh = "本表只用于三类业务：客户反馈、设备维修、使用指导。登记时应注明属于哪一类。" }
check.classification = { field = "work_type" }

[[rules]]
id = "execution-form.scope-scenes"
clause = "适用工作场景"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Say which scene the job belongs to: answering a complaint made by phone or online, repair on site, periodic inspection, or tracking results after user training.", zh = "应注明任务所属场景：电话或网上投诉响应、上门维修、定期巡检，或用户培训后的效果跟踪。" }
check.classification = { field = "scene" }

[[rules]]
id = "execution-form.traceable"
clause = "适用工作场景"
phase = "general"
roles = ["any"]
severity = "must"
text = { en = "Work so that every service action can be traced afterwards and every result can be assessed.", zh = "每个服务动作都要可追溯，每项服务结果都要可评价。" }
check.guidance = { instead = "design", why = { en = "The history of the record keeps who did what and when; whether a result can be assessed is seen only by whoever reads it.", zh = "记录的历史自动保存何人何时做了何事；结果能否评价，只有阅读者才能判断。" } }

# 第一步: registration

[[rules]]
id = "execution-form.register-at-once"
clause = "第一步.操作要点"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Register the basic facts immediately when a customer''s feedback arrives, whether through the service system, from the customer directly or as a work order.", zh = "无论反馈来自客服系统、客户本人还是工单系统，收到后都应立即登记基本信息。" }
reading = { en = "The standard gives no figure for \"immediately\". The pack records both moments; only a person can judge that the time between them was too long.", zh = "原文未给出“立即”的时长。本包记录接收与登记两个时刻，是否过迟由人判断。" }
check.milestone = { start = ["request-received"], limit = "at-once", end = ["request-registered"] }

[[rules]]
id = "execution-form.field-customer-name"
clause = "第一步.操作要点; 模板.客户名称"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the name of the customer.", zh = "填写客户名称。" }
reading = { en = "A request that arrives without it is still registered; the gap is reported until it is filled.", zh = "来件缺此项时仍予登记，补齐之前持续提示。" }
check.field = { sources = ["order.customer_name"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.field-contact-person"
clause = "第一步.操作要点; 模板.联系人"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter whom to contact and how to address this person, Mr or Ms.", zh = "填写联系人及称谓（先生或女士）。" }
reading = { en = "A request that arrives without it is still registered; the gap is reported until it is filled.", zh = "来件缺此项时仍予登记，补齐之前持续提示。" }
check.field = { sources = ["order.contact_person"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.field-contact-details"
clause = "第一步.操作要点; 模板.联系方式"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter how the contact person can be reached.", zh = "填写能够联系到对方的方式。" }
reading = { en = "A request that arrives without it is still registered; the gap is reported until it is filled.", zh = "来件缺此项时仍予登记，补齐之前持续提示。" }
check.field = { sources = ["order.contact_details"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.field-product-model"
clause = "第一步.操作要点; 模板.产品型号"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the model of the product concerned.", zh = "填写所涉产品的型号。" }
reading = { en = "A request that arrives without it is still registered; the gap is reported until it is filled.", zh = "来件缺此项时仍予登记，补齐之前持续提示。" }
check.field = { sources = ["order.product_model"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.field-fault"
clause = "第一步.操作要点; 模板.故障/需求描述"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the fault or the need as the customer describes it.", zh = "按客户的描述填写故障现象或服务需求。" }
check.field = { sources = ["order.fault"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.field-expected-time"
clause = "第一步.操作要点"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the time by which the customer expects the matter to be solved.", zh = "填写客户期望的解决时间。" }
reading = { en = "The printed form has no box for it; the pack prints it below the form. It is the customer''s wish, not a deadline of this standard.", zh = "原表没有此栏，本包在表后列出。它是客户的期望，不作为本标准的时限。" }
check.field = { sources = ["order.expected_at"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.field-urgency"
clause = "第一步.操作要点; 模板.紧急程度"
phase = "triage"
roles = ["customer-service"]
severity = "must"
text = { en = "Rate the urgency: normal or urgent.", zh = "确定紧急程度：普通或紧急。" }
check.field = { sources = ["order.urgency"], window = { after = "request-received" } }

[[rules]]
id = "execution-form.verify-need"
clause = "第一步.关键动作"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Go through the details of the need with the customer a second time, so that nothing is passed on distorted.", zh = "与客户再次核对需求细节，防止信息传递失真。" }
check.item = { ask = "yes-no", window = { after = "request-registered" } }

[[rules]]
id = "execution-form.urgent-escalate-30min"
clause = "第一步.关键动作"
phase = "triage"
roles = ["customer-service"]
severity = "must"
text = { en = "Report an urgent need to the service supervisor within 30 minutes.", zh = "紧急需求应在 30 分钟内上报服务主管。" }
when = "order.urgency == ''urgent''"
reading = { en = "The standard does not say from when the 30 minutes count. They count from the moment the need is rated urgent until the supervisor has the report, in elapsed time.", zh = "原文未说明 30 分钟的起点。本包自定为紧急之时起算，至主管收到上报为止，按自然时间计。" }
check.milestone = { start = ["urgent-flagged"], limit = "PT30M", end = ["supervisor-alerted"], other-anchors = ["request-received", "request-registered"], tell = [{ to = "supervisor" }], reason-on-breach = true }

[[rules]]
id = "execution-form.urgent-coordinate"
clause = "第一步.关键动作"
phase = "triage"
roles = ["supervisor"]
severity = "must"
text = { en = "Coordinate people and material for the urgent need, and note what was arranged.", zh = "为紧急需求协调人员与物资，并记下所作的安排。" }
when = "order.urgency == ''urgent''"
check.item = { ask = "text", window = { after = "supervisor-alerted" } }

# 第二步: dispatch and preparation

[[rules]]
id = "execution-form.assign-task"
clause = "第二步.操作要点"
phase = "dispatch"
roles = ["supervisor"]
severity = "must"
text = { en = "Assign the job on the basis of the registered facts and name the person who will go.", zh = "根据登记的信息派发任务，并明确由谁前往。" }
check.act = { event = "order-dispatched", window = { after = "request-registered" } }

[[rules]]
id = "execution-form.tool-list"
clause = "第二步.操作要点"
phase = "dispatch"
roles = ["supervisor"]
severity = "must"
text = { en = "Set the list of what the technician carries, for example multimeter, spare parts and service manual.", zh = "列出须携带的工具清单，例如万用表、备件、维修手册。" }
reading = { en = "The list stands in the assignment; the three things named are examples, not a fixed set.", zh = "清单记在派工信息中；原文所列三样只是举例，并非固定内容。" }
check.field = { sources = ["assignment.tools"], window = { after = "request-registered" } }

[[rules]]
id = "execution-form.spares-request"
clause = "第二步.操作要点"
phase = "parts"
roles = ["supervisor"]
severity = "must"
text = { en = "If something has to be replaced, see to it that the spare part is requested.", zh = "需要更换备件时，安排好备件申请。" }
when = "parts.consumed > 0 || events[''part-requested''] > 0"
reading = { en = "Whether something has to be replaced is read from the record: once a part has been replaced, a request for it must stand there too. It may be recorded from registration on, by the office or by the crew; the standard sets no time for it.", zh = "是否需要更换由记录判断：凡更换过备件，就应有备件申请。自登记起即可记录，办公室或服务人员均可；原文未规定时间。" }
check.act = { event = "part-requested", window = { after = "request-registered" } }

[[rules]]
id = "execution-form.check-tools-1h"
clause = "第二步.关键动作"
phase = "prepare"
roles = ["technician"]
severity = "must"
text = { en = "At least one hour ahead, check that all tools and spares are there.", zh = "至少提前 1 小时检查工具和备件是否齐全。" }
reading = { en = "The standard does not say ahead of what. The hour counts back from the agreed start of the visit, not from setting out, because the agreed start is known beforehand.", zh = "原文未说明提前于何时。本包以约定的上门时间为准，而非出发时间，因为约定时间事先已知。" }
check.milestone = { start = ["appointment-start"], limit = "-PT1H", end = ["tools-checked"], other-anchors = ["departed"], tell = [{ to = "supervisor" }], reason-on-breach = true }

[[rules]]
id = "execution-form.confirm-address-time"
clause = "第二步.关键动作"
phase = "appointment"
roles = ["technician"]
severity = "must"
text = { en = "Before setting out, check the customer''s address and the time of the service.", zh = "出发前核对客户地址和服务时间。" }
reading = { en = "The text gives only the order; this pack refuses the next step until it is done.", zh = "原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.item = { ask = "yes-no", window = { after = "order-dispatched", before = ["departed"], blocks = ["departed"] } }

[[rules]]
id = "execution-form.reconfirm-visit"
clause = "第二步.关键动作"
phase = "appointment"
roles = ["technician"]
severity = "must"
text = { en = "Before setting out, confirm the visit once more with the customer by text message or by phone.", zh = "出发前用短信或电话与客户再次确认上门时间。" }
reading = { en = "The text gives only the order; this pack refuses the next step until it is done.", zh = "原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.act = { event = "appointment-confirmed", window = { after = "order-dispatched", before = ["departed"], blocks = ["departed"] } }

[[rules]]
id = "execution-form.reminder-script"
clause = "第二步.关键动作"
phase = "appointment"
roles = ["technician"]
severity = "should"
text = { en = "Remind the customer in words that say who comes, at what time, what for, and ask that somebody be present.", zh = "提醒客户时说明由谁、何时、为何上门，并请客户安排人员在场。" }
check.script = { words = { en = "Good day. This is {technician} from customer service. I will come at {time} for {purpose}. Please make sure that somebody is there to meet me.", zh = "您好，我是售后服务人员{technician}，将于{time}上门为您{purpose}，请您安排人员在场，谢谢。" }, slots = ["technician", "time", "purpose"], after = "order-dispatched" }

# 第三步: on site

[[rules]]
id = "execution-form.show-badge"
clause = "第三步.操作要点.服务礼仪"
phase = "greet"
roles = ["technician"]
severity = "must"
text = { en = "On arrival show the work badge without being asked.", zh = "到场后主动出示工牌。" }
check.act = { event = "badge-presented", window = { after = "arrived" } }

[[rules]]
id = "execution-form.uniform"
clause = "第三步.操作要点.服务礼仪"
phase = "arrive"
roles = ["technician"]
severity = "must"
text = { en = "Wear the company''s standard uniform.", zh = "穿着统一的工作服。" }
check.conduct = { after = "arrived" }

[[rules]]
id = "execution-form.greet-script"
clause = "第三步.操作要点.服务礼仪"
phase = "greet"
roles = ["technician"]
severity = "must"
text = { en = "Greet the customer politely: use the form of address, give your role and name, and say why you have come.", zh = "礼貌问候客户：使用称谓，报上身份和姓名，并说明来意。" }
reading = { en = "The words are a pattern, not a fixed text; any greeting with these four elements meets the rule.", zh = "以下措辞只是范例，凡含称谓、身份、姓名、来意四项的问候均合要求。" }
check.script = { words = { en = "Good day, {salutation}. I am {role} {technician}. I have come for {purpose}.", zh = "{salutation}，您好！我是{role}{technician}，今天来为您{purpose}。" }, slots = ["salutation", "role", "technician", "purpose"], after = "arrived" }

[[rules]]
id = "execution-form.diagnose-procedure"
clause = "第三步.操作要点.问题诊断"
phase = "diagnose"
roles = ["technician"]
severity = "must"
text = { en = "Trace the fault step by step along the standard procedure.", zh = "按标准流程逐步排查故障。" }
reading = { en = "The standard cites a procedure without including it; the company''s own procedure for the product is meant. The duty begins on arrival, since equipment outdoors can be diagnosed without going in.", zh = "原文只引用而未附该流程，此处指公司针对该产品的排查流程。自到场起即应遵守，因为室外设备无须入内。" }
check.item = { ask = "yes-no", window = { after = "arrived" } }

[[rules]]
id = "execution-form.professional-tools"
clause = "第三步.操作要点.问题诊断"
phase = "diagnose"
roles = ["technician"]
severity = "must"
text = { en = "Test with professional instruments.", zh = "使用专业工具进行检测。" }
reading = { en = "The duty begins on arrival, since equipment outdoors can be tested without going in. Which instruments count as professional is left to the tool list.", zh = "自到场起即应遵守，因为室外设备无须入内。何为专业工具，以携带工具清单为准。" }
check.item = { ask = "yes-no", window = { after = "arrived" } }

[[rules]]
id = "execution-form.record-cause"
clause = "第三步.操作要点.问题诊断; 使用关键提示.记录完整性"
phase = "diagnose"
roles = ["technician"]
severity = "must"
text = { en = "Write down what caused the fault.", zh = "记录故障原因。" }
check.field = { sources = ["note.cause"], window = { after = "diagnosis-done" } }

[[rules]]
id = "execution-form.explain-problem"
clause = "第三步.操作要点.问题诊断"
phase = "consent"
roles = ["technician"]
severity = "must"
text = { en = "Before asking for consent, explain to the customer what is wrong.", zh = "征求同意之前，向客户说明问题所在。" }
reading = { en = "The text gives only the order; this pack refuses the next step until it is done.", zh = "原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.item = { ask = "yes-no", window = { after = "diagnosis-done", before = ["consent-given"], blocks = ["consent-given"] } }

[[rules]]
id = "execution-form.explain-solution"
clause = "第三步.操作要点.问题诊断"
phase = "consent"
roles = ["technician"]
severity = "must"
text = { en = "Before asking for consent, explain to the customer how it is to be put right.", zh = "征求同意之前，向客户说明解决方案。" }
reading = { en = "The text gives only the order; this pack refuses the next step until it is done.", zh = "原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.item = { ask = "yes-no", window = { after = "diagnosis-done", before = ["consent-given"], blocks = ["consent-given"] } }

[[rules]]
id = "execution-form.state-duration"
clause = "第三步.操作要点.问题诊断"
phase = "consent"
roles = ["technician"]
severity = "must"
text = { en = "Before asking for consent, tell the customer how long the repair will take, or how long a part will take to come. Note what was said.", zh = "征求同意之前，告知客户维修所需时间，或更换件的到货周期，并记录所告知的内容。" }
reading = { en = "One of the two is enough: the duration when the repair can be done now, the lead time when a part is missing. The printed form has no box for it. The text gives only the order; this pack refuses the next step until it is done.", zh = "两者择一即可：当场可修的说明时长，缺件的说明到货周期。原表没有此栏。原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.item = { ask = "text", window = { after = "diagnosis-done", before = ["consent-given"], blocks = ["consent-given"] } }

[[rules]]
id = "execution-form.consent-first"
clause = "第三步.操作要点.服务实施"
phase = "consent"
roles = ["technician"]
severity = "must"
text = { en = "Begin repair or maintenance only after the customer has agreed.", zh = "经客户同意后方可开始维修或保养。" }
when = "events[''consent-refused''] == 0 || events[''work-started''] > 0"
reading = { en = "The standard names no form of consent; the crew records it with its time. If the customer declines, no work begins and the visit may end there.", zh = "原文未规定同意的形式，由服务人员记录同意及其时间。客户不同意的，不得施工，服务可就此结束。" }
check.act = { event = "consent-given", window = { after = "diagnosis-done", before = ["work-started"], blocks = ["work-started"] } }

[[rules]]
id = "execution-form.protect-site"
clause = "第三步.操作要点.服务实施"
phase = "work"
roles = ["technician"]
severity = "must"
text = { en = "Protect the customer''s premises while you work, for example with a dust sheet, and show it in a photo.", zh = "作业时保护好客户现场，例如铺设防尘布，并拍照留证。" }
reading = { en = "The standard asks for the protection and says nothing about proof. The pack takes one photo as proof; a dust sheet is only an example.", zh = "原文只要求保护现场，未规定凭证。本包以一张照片为证；防尘布只是举例。" }
check.item = { ask = { photo = { moments = [] } }, window = { after = "work-started" } }

[[rules]]
id = "execution-form.photo-key-steps"
clause = "第三步.操作要点.服务实施"
phase = "work"
roles = ["technician"]
severity = "must"
text = { en = "Photograph the key steps, such as a part before and after it is changed.", zh = "对关键步骤拍照留存，例如更换备件前后各一张。" }
when = "parts.consumed > 0 || events[''critical-step-reached''] > 0"
reading = { en = "The standard does not list the key steps. Changing a part is one, and so is every step the crew reports as key; each visit with such a step needs at least one photo before and one after, taken before the customer signs.", zh = "原文未列举关键步骤。本包把更换备件以及服务人员报告的关键步骤算作关键步骤；凡有此类步骤，前后至少各拍一张，并应在客户签字之前完成。" }
check.item = { ask = { photo = { moments = ["before", "after"] } }, window = { after = "work-started", before = ["signed-off"] } }

[[rules]]
id = "execution-form.no-change-of-content"
clause = "第三步.关键动作"
phase = "work"
roles = ["technician"]
severity = "must-not"
text = { en = "Do not alter the content of the service on your own authority.", zh = "不得擅自变更服务内容。" }
check.conduct = { after = "work-started" }

[[rules]]
id = "execution-form.no-extra-promise"
clause = "第三步.关键动作"
phase = "work"
roles = ["technician"]
severity = "must-not"
text = { en = "Do not promise the customer any additional service.", zh = "不得向客户承诺额外服务。" }
reading = { en = "The prohibition is shown from arrival on, not only once the customer has asked for something beyond the job.", zh = "自到场起即提示此项禁令，不以客户已提出额外要求为前提。" }
check.conduct = { after = "arrived" }

[[rules]]
id = "execution-form.temporary-plan"
clause = "第三步.关键动作"
phase = "work"
roles = ["technician"]
severity = "must"
text = { en = "If a complex problem cannot be solved on site, agree a temporary plan with the customer, such as a loan unit, and write it down.", zh = "复杂问题现场无法解决时，与客户商定临时方案（如提供备用机）并记录。" }
when = "events[''cannot-fix-on-site''] > 0"
check.field = { sources = ["note.temporary-plan"], window = { after = "cannot-fix-on-site" } }

[[rules]]
id = "execution-form.temporary-next-time"
clause = "第三步.关键动作"
phase = "appointment"
roles = ["technician"]
severity = "must"
text = { en = "If the fault cannot be cleared on site, fix the time at which it will be taken up again.", zh = "现场无法排除故障时，确定后续处理的时间。" }
when = "events[''cannot-fix-on-site''] > 0"
check.item = { ask = "time", window = { after = "cannot-fix-on-site" } }

# 第四步: acceptance

[[rules]]
id = "execution-form.test-run"
clause = "第四步.操作要点"
phase = "verify"
roles = ["technician"]
severity = "must"
text = { en = "When the work is done and before the customer signs, test that the equipment runs properly.", zh = "作业完成后、客户签字前，测试设备运行是否正常。" }
when = "events[''cannot-fix-on-site''] == 0"
reading = { en = "Not asked when the crew has reported that the fault cannot be cleared on site; the temporary plan takes its place. The text gives only the order; this pack refuses the next step until it is done.", zh = "已报告现场无法解决的，不再要求此项，以临时方案代之。原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.item = { ask = "yes-no", window = { after = "work-finished", before = ["signed-off"], blocks = ["signed-off"] } }

[[rules]]
id = "execution-form.problem-solved"
clause = "第四步.操作要点"
phase = "verify"
roles = ["technician"]
severity = "must"
text = { en = "When the work is done and before the customer signs, make sure that the problem is gone.", zh = "作业完成后、客户签字前，确认问题已经解决。" }
when = "events[''cannot-fix-on-site''] == 0"
reading = { en = "Not asked when the crew has reported that the fault cannot be cleared on site; the temporary plan takes its place. The text gives only the order; this pack refuses the next step until it is done.", zh = "已报告现场无法解决的，不再要求此项，以临时方案代之。原文只规定先后；本包在此项完成之前不允许进入下一步。" }
check.item = { ask = "yes-no", window = { after = "work-finished", before = ["signed-off"], blocks = ["signed-off"] } }

[[rules]]
id = "execution-form.explain-precautions"
clause = "第四步.操作要点"
phase = "handover"
roles = ["technician"]
severity = "must"
text = { en = "Tell the customer what to watch in use, for example to avoid long continuous running during the first two weeks. Note what was said.", zh = "向客户说明使用注意事项，例如前两周避免长时间连续运转，并记录所说明的内容。" }
reading = { en = "The two weeks are an example; what has to be watched depends on the equipment.", zh = "“两周”只是举例，注意事项视设备而定。" }
check.item = { ask = "text", window = { after = "work-finished" } }

[[rules]]
id = "execution-form.customer-sign"
clause = "第四步.操作要点; 模板.客户签字确认"
phase = "report"
roles = ["technician"]
severity = "must"
text = { en = "Have the customer sign the form.", zh = "请客户在执行表上签字确认。" }
when = "events[''signed-off''] > 0 || (events[''consent-refused''] == 0 && events[''cannot-fix-on-site''] == 0 && events[''objection-raised''] <= events[''objection-settled''])"
reading = { en = "The crew leaves after the signature. A visit may end without one in three cases: the customer declined the work, the fault cannot be cleared on site, or an objection is still open and an answer is owed.", zh = "签字后服务人员方可离场。仅三种情形可以无签字离场：客户不同意施工、现场无法解决，或异议未决而尚待答复。" }
check.item = { ask = { signature = { roles = ["customer"] } }, window = { after = "work-finished", blocks = ["left-site"] } }

[[rules]]
id = "execution-form.field-satisfaction"
clause = "第四步.操作要点; 模板.满意度评价"
phase = "report"
roles = ["technician"]
severity = "must"
text = { en = "Ask the customer to rate the service: satisfied, basically satisfied or dissatisfied.", zh = "请客户评价满意度：满意、基本满意或不满意。" }
check.field = { sources = ["survey.rating"], window = { after = "work-finished" } }

[[rules]]
id = "execution-form.field-comments"
clause = "第四步.操作要点; 模板.客户评价/建议"
phase = "report"
roles = ["technician"]
severity = "should"
text = { en = "Offer the customer room for comments and suggestions.", zh = "请客户自愿填写评价和建议。" }
check.field = { sources = ["survey.words"], optional = true, window = { after = "work-finished" } }

[[rules]]
id = "execution-form.objection-explain"
clause = "第四步.关键动作"
phase = "verify"
roles = ["technician"]
severity = "must"
text = { en = "If the customer objects to the result, explain it patiently on the spot.", zh = "客户对结果有异议时，当场耐心解释。" }
check.conduct = { after = "objection-raised" }

[[rules]]
id = "execution-form.objection-record"
clause = "第四步.关键动作"
phase = "report"
roles = ["technician"]
severity = "must"
text = { en = "Write down an objection that could not be settled on the spot.", zh = "无法当场解决的异议应予记录。" }
when = "events[''objection-raised''] > events[''objection-settled'']"
reading = { en = "An objection counts as open until the crew has recorded, while still on site, that it is settled. The printed form has no box for it.", zh = "服务人员在现场记录“已解决”之前，异议视为未决。原表没有此栏。" }
check.field = { sources = ["note.objection"], window = { after = "objection-raised" } }

[[rules]]
id = "execution-form.objection-reply-24h"
clause = "第四步.关键动作"
phase = "complaint"
roles = ["technician"]
severity = "must"
text = { en = "If an objection stays open, give the customer an answer within 24 hours.", zh = "未能当场解决的异议，应在 24 小时内答复客户。" }
when = "events[''objection-raised''] > events[''objection-settled'']"
reading = { en = "The hours count from the moment the objection is raised, in elapsed time. The standard does not say who answers; the crew or the office may.", zh = "自异议提出之时起算，按自然时间计。原文未指明由谁答复，服务人员或办公室均可。" }
check.milestone = { start = ["objection-raised"], limit = "PT24H", end = ["reply-given"], tell = [{ to = "supervisor" }], reason-on-breach = true }

# 第五步: upload, call-back, improvement

[[rules]]
id = "execution-form.upload-24h"
clause = "第五步.操作要点"
phase = "archive"
roles = ["technician"]
severity = "must"
text = { en = "Upload the papers of the service to the after-sales system within 24 hours.", zh = "在 24 小时内将服务资料上传至售后系统。" }
reading = { en = "The verb of the clause is lost in the text at hand and read as \"upload\"; the start of the 24 hours is not stated. They count from the customer''s signature, or from leaving the site if nobody signed, until the signed record is in the system, in elapsed time.", zh = "所据文本此处动词缺失，按“上传”理解；起点也未说明。本包自客户签字起算，无签字的自离场起算，至记录进入系统为止，按自然时间计。" }
check.milestone = { start = ["signed-off", "left-site"], limit = "PT24H", end = ["record-uploaded"], other-anchors = ["work-finished"], tell = [{ to = "supervisor" }], reason-on-breach = true }

[[rules]]
id = "execution-form.upload-contents"
clause = "第五步.操作要点"
phase = "archive"
roles = ["technician"]
severity = "must"
text = { en = "Upload three papers: the execution form, the site photos and the fault handling report.", zh = "上传三样资料：执行表、现场照片和故障处理报告。" }
reading = { en = "The form and the report are printed from the record itself, so they are uploaded with it; what can be missing is their content. The pack checks that the cause, the solution and the steps are written and that there is a photo.", zh = "执行表和报告均由记录生成，随记录一并上传，可能缺少的只是内容。本包检查原因、方案、步骤是否填写，以及是否有照片。" }
check.field = { sources = ["note.cause", "note.solution", "note.steps", "photos"], window = { after = "signed-off" } }

[[rules]]
id = "execution-form.callback-3-days"
clause = "第五步.操作要点"
phase = "follow-up"
roles = ["follow-up-agent"]
severity = "must"
text = { en = "Call the customer back by phone within three days.", zh = "在 3 日内电话回访客户。" }
reading = { en = "The standard does not say from when the three days count. They count in elapsed time from the end of the work, not from the upload, so that a late upload does not postpone the call.", zh = "原文未说明 3 日的起点。本包自作业完成起连续计算三天，而非自上传起算，以免上传迟延推后回访。" }
check.milestone = { start = ["work-finished"], limit = "P3D", end = ["follow-up-done"], other-anchors = ["record-uploaded", "left-site"], tell = [{ to = "supervisor" }], reason-on-breach = true }

[[rules]]
id = "execution-form.callback-status"
clause = "第五步.操作要点"
phase = "follow-up"
roles = ["follow-up-agent"]
severity = "must"
text = { en = "On the call-back, ask how the equipment runs.", zh = "回访时确认设备运行情况。" }
reading = { en = "Every answer meets the rule: the duty is to ask, not to hear that all is well.", zh = "任何回答均满足要求：义务在于询问，而不在于设备必须正常。" }
check.item = { ask = { choice = { options = [
  { id = "runs-well", name = { en = "Runs properly", zh = "运行正常" } },
  { id = "runs-with-faults", name = { en = "Runs with faults", zh = "带故障运行" } },
  { id = "stands-still", name = { en = "Does not run", zh = "无法运行" } },
] } }, window = { after = "work-finished" } }

[[rules]]
id = "execution-form.callback-satisfaction"
clause = "第五步.操作要点; 模板.回访记录; 模板.回访时间"
phase = "follow-up"
roles = ["follow-up-agent"]
severity = "must"
text = { en = "On the call-back, ask for the customer''s satisfaction on the same three levels as on the form.", zh = "回访时按执行表的三档确认客户满意度。" }
check.item = { ask = { choice = { options = [
  { id = "satisfied", name = { en = "Satisfied", zh = "满意" } },
  { id = "basically-satisfied", name = { en = "Basically satisfied", zh = "基本满意" } },
  { id = "dissatisfied", name = { en = "Dissatisfied", zh = "不满意" }, event = "rated-dissatisfied" },
] } }, window = { after = "work-finished" } }

[[rules]]
id = "execution-form.callback-archive"
clause = "第五步.操作要点"
phase = "archive"
roles = ["follow-up-agent"]
severity = "must"
text = { en = "File the result of the call-back together with the record.", zh = "将回访结果与服务记录一并归档。" }
reading = { en = "The result is written into the record itself and is therefore filed with it; the pack checks that the time, the status and the rating of the call stand there.", zh = "回访结果直接写入记录，因而随记录一并归档；本包检查回访时间、设备状态和满意度是否齐全。" }
check.field = { sources = ["event.follow-up-done", "answer.execution-form.callback-status", "answer.execution-form.callback-satisfaction"], window = { after = "follow-up-done" } }

[[rules]]
id = "execution-form.dissatisfied-analysis"
clause = "第五步.关键动作"
phase = "review"
roles = ["supervisor"]
severity = "must"
text = { en = "Lead the analysis of the causes when a customer is dissatisfied, and write down what was found.", zh = "客户评价不满意的，由主管牵头分析原因并记录结论。" }
check.item = { ask = "text", window = { after = "rated-dissatisfied" } }

[[rules]]
id = "execution-form.dissatisfied-measures-48h"
clause = "第五步.关键动作"
phase = "review"
roles = ["supervisor"]
severity = "must"
text = { en = "Set measures for improvement within 48 hours after a customer was dissatisfied.", zh = "客户评价不满意后，48 小时内制定改进措施。" }
reading = { en = "A dissatisfied rating on the form and one on the call-back both count; the first starts the clock, in elapsed time, and one set of measures serves both.", zh = "表上评价与回访评价均算在内；以先出现者起算，按自然时间计，一套措施兼顾两者。" }
check.milestone = { start = ["rated-dissatisfied"], limit = "PT48H", end = ["improvement-set"], tell = [{ to = "service-director" }], reason-on-breach = true }

[[rules]]
id = "execution-form.dissatisfied-feedback"
clause = "第五步.关键动作"
phase = "complaint"
roles = ["supervisor"]
severity = "must"
text = { en = "Tell the dissatisfied customer which measures were set, so that the matter is brought to an end.", zh = "将改进措施反馈给不满意的客户，形成闭环。" }
reading = { en = "The text leaves open whether the 48 hours end when the measures are set or when the customer has been told. The pack applies them to both, in elapsed time.", zh = "原文未明确 48 小时止于措施制定还是止于告知客户。本包对两者均适用 48 小时，按自然时间计。" }
check.milestone = { start = ["rated-dissatisfied"], limit = "PT48H", end = ["reply-given"], tell = [{ to = "service-director" }], reason-on-breach = true }

# 模板: the boxes of the form

[[rules]]
id = "execution-form.field-service-number"
clause = "模板.服务编号"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the number of the service.", zh = "填写服务编号。" }
check.field = { sources = ["order.number"], window = { after = "request-registered" } }

[[rules]]
id = "execution-form.field-service-type"
clause = "模板.服务类型"
phase = "triage"
roles = ["customer-service"]
severity = "must"
text = { en = "Mark the type of service: repair, inspection or training.", zh = "勾选服务类型：维修、巡检或培训。" }
check.field = { sources = ["order.service_type"], window = { after = "request-registered" } }

[[rules]]
id = "execution-form.field-service-time"
clause = "模板.服务时间"
phase = "work"
roles = ["technician"]
severity = "must"
text = { en = "Enter the time of the service.", zh = "填写服务时间。" }
reading = { en = "The form does not say whether the planned or the actual time is meant. The pack takes the actual time, from the arrival to the end of the work, out of the recorded events.", zh = "原表未说明是计划时间还是实际时间。本包取实际时间，即由事件记录得出的到场至作业完成。" }
check.field = { sources = ["event.arrived"], window = { after = "arrived" } }

[[rules]]
id = "execution-form.field-service-place"
clause = "模板.服务地点"
phase = "work"
roles = ["technician"]
severity = "must"
text = { en = "Enter the place of the service.", zh = "填写服务地点。" }
reading = { en = "The place is marked personal: the crew sees what it needs to get there, other readers see it redacted.", zh = "地点按个人信息处理：服务人员可见前往所需的内容，其他读者看到的是脱敏后的内容。" }
check.field = { sources = ["order.location"], window = { after = "arrived" } }

[[rules]]
id = "execution-form.field-technician"
clause = "模板.服务人员"
phase = "dispatch"
roles = ["supervisor"]
severity = "must"
text = { en = "Enter who carries out the service.", zh = "填写由谁提供服务。" }
check.field = { sources = ["assignment.crew"], window = { after = "order-dispatched" } }

[[rules]]
id = "execution-form.field-parts-replaced"
clause = "模板.备件更换(如有)"
phase = "parts"
roles = ["technician"]
severity = "should"
text = { en = "Enter the parts that were replaced; leave the box empty if there were none.", zh = "填写所更换的备件，没有更换则留空。" }
check.field = { sources = ["parts"], optional = true, window = { after = "work-started" } }

[[rules]]
id = "execution-form.field-process-record"
clause = "模板.服务过程记录"
phase = "work"
roles = ["technician"]
severity = "must"
text = { en = "Fill in the three parts of the process record: the cause of the fault, the solution and the steps carried out.", zh = "填写服务过程记录的三部分：故障原因、解决方案和操作步骤。" }
check.field = { sources = ["note.cause", "note.solution", "note.steps"], window = { after = "work-started" } }

[[rules]]
id = "execution-form.field-technician-signature"
clause = "模板.服务人员签字"
phase = "report"
roles = ["technician"]
severity = "must"
text = { en = "Sign the form yourself.", zh = "服务人员本人在执行表上签字。" }
reading = { en = "The order of the two signatures is not stated; it does not matter here.", zh = "原文未规定双方签字的先后，本包不作要求。" }
check.item = { ask = { signature = { roles = ["technician"] } }, window = { after = "work-finished" } }

[[rules]]
id = "execution-form.field-follow-up-time"
clause = "模板.回访时间"
phase = "follow-up"
roles = ["follow-up-agent"]
severity = "must"
text = { en = "Enter when the customer was called back.", zh = "填写回访时间。" }
check.field = { sources = ["event.follow-up-done"], window = { after = "work-finished" } }

[[rules]]
id = "execution-form.field-archive-date"
clause = "模板.归档日期"
phase = "archive"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the date on which the record was filed.", zh = "填写归档日期。" }
check.field = { sources = ["event.archived"], window = { after = "record-uploaded" } }

[[rules]]
id = "execution-form.field-entered-by"
clause = "模板.系统录入人"
phase = "archive"
roles = ["customer-service"]
severity = "must"
text = { en = "Enter the name of the person who entered the record in the system.", zh = "填写系统录入人。" }
check.field = { sources = ["order.entered_by"], window = { after = "request-registered" } }

# 使用关键提示: key notes

[[rules]]
id = "execution-form.recheck-key-fields"
clause = "使用关键提示.信息准确性"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Check the key entries (customer, model, fault) more than once; a wrong entry delays the service.", zh = "对客户、型号、故障等关键信息反复核对，信息有误会延误服务。" }
check.item = { ask = "yes-no", window = { after = "request-registered" } }

[[rules]]
id = "execution-form.normal-response-24h"
clause = "使用关键提示.服务时效性"
phase = "triage"
roles = ["customer-service"]
severity = "must"
text = { en = "Give the customer a response within 24 hours when the need is normal.", zh = "普通需求应在 24 小时内响应。" }
when = "order.urgency == ''normal''"
reading = { en = "The standard does not define a response. The pack takes the first answer in which the customer is told what happens next, recorded by the office; the hours count from receipt, in elapsed time.", zh = "原文未定义“响应”。本包指首次答复客户并告知后续安排，由办公室记录；自收到需求起算，按自然时间计。" }
check.milestone = { start = ["request-received"], limit = "PT24H", end = ["first-response-given"], tell = [{ to = "supervisor" }], reason-on-breach = true }

[[rules]]
id = "execution-form.urgent-arrival-2h"
clause = "使用关键提示.服务时效性"
phase = "arrive"
roles = ["technician"]
severity = "must"
text = { en = "Be on site within two hours for an urgent need.", zh = "紧急需求应在 2 小时内到达现场。" }
when = "order.urgency == ''urgent''"
reading = { en = "The standard does not say from when the two hours count. They count from the receipt of the need, in elapsed time, as the customer counts them.", zh = "原文未说明 2 小时的起点。本包自收到需求起算，按自然时间计，与客户的感受一致。" }
check.milestone = { start = ["request-received"], limit = "PT2H", end = ["arrived"], other-anchors = ["urgent-flagged", "request-registered", "order-dispatched"], tell = [{ to = "supervisor" }], reason-on-breach = true }

[[rules]]
id = "execution-form.overdue-reason"
clause = "使用关键提示.服务时效性"
phase = "report"
roles = ["any"]
severity = "must"
text = { en = "When a deadline was missed, note the reason in the system.", zh = "超出时限的，应在系统中注明原因。" }
reading = { en = "The text says this next to the 24-hour response and the two-hour arrival. The pack applies it to every deadline of this standard that has a figure.", zh = "原文仅在 24 小时响应与 2 小时到场处提出此要求。本包对本标准中所有有具体数字的时限均适用。" }
check.on-breach = { demands = "reason", milestones = [
  "execution-form.normal-response-24h",
  "execution-form.urgent-arrival-2h",
  "execution-form.urgent-escalate-30min",
  "execution-form.check-tools-1h",
  "execution-form.objection-reply-24h",
  "execution-form.upload-24h",
  "execution-form.callback-3-days",
  "execution-form.dissatisfied-measures-48h",
  "execution-form.dissatisfied-feedback",
] }

[[rules]]
id = "execution-form.overdue-escalate"
clause = "使用关键提示.服务时效性"
phase = "review"
roles = ["any"]
severity = "must"
text = { en = "When a deadline was missed, report it upwards.", zh = "超出时限的，应向上级上报。" }
reading = { en = "The text says this next to the 24-hour response and the two-hour arrival and does not say to whom. The pack applies it to every deadline of this standard that has a figure; the supervisor is told, and the service director where the supervisor is the one who is late.", zh = "原文仅在 24 小时响应与 2 小时到场处提出此要求，且未指明上报对象。本包对所有有具体数字的时限均适用，告知服务主管；主管本人逾期的，告知服务总监。" }
check.on-breach = { demands = "escalation", milestones = [
  "execution-form.normal-response-24h",
  "execution-form.urgent-arrival-2h",
  "execution-form.urgent-escalate-30min",
  "execution-form.check-tools-1h",
  "execution-form.objection-reply-24h",
  "execution-form.upload-24h",
  "execution-form.callback-3-days",
  "execution-form.dissatisfied-measures-48h",
  "execution-form.dissatisfied-feedback",
] }

[[rules]]
id = "execution-form.record-complete"
clause = "使用关键提示.记录完整性"
phase = "report"
roles = ["technician"]
severity = "must"
text = { en = "Record the service in detail, with the analysis of the cause and the solution, so that it can be looked up later.", zh = "详细记录服务过程，包括原因分析和解决方案，便于日后追溯。" }
reading = { en = "The record shows whether both texts are written; whether they are detailed enough is for an audit to say.", zh = "系统只能检查两项是否填写，是否足够详细由审核判断。" }
check.field = { sources = ["note.cause", "note.solution"], window = { after = "diagnosis-done" } }

[[rules]]
id = "execution-form.record-communication"
clause = "使用关键提示.记录完整性"
phase = "report"
roles = ["technician"]
severity = "must"
text = { en = "Write down what you and the customer discussed.", zh = "写明与客户沟通了哪些内容。" }
reading = { en = "The printed form has no box for it; the pack prints it below the form. It is asked for once the diagnosis is there to be discussed.", zh = "原表没有此栏，本包在表后列出。诊断完成、有内容可沟通时即要求填写。" }
check.field = { sources = ["note.communication"], window = { after = "diagnosis-done" } }

[[rules]]
id = "execution-form.record-no-omission"
clause = "使用关键提示.记录完整性"
phase = "report"
roles = ["technician"]
severity = "must-not"
text = { en = "Do not leave anything out of the record and do not abridge it.", zh = "记录不得遗漏，不得简化。" }
reading = { en = "What was left out cannot be seen in what was written. The crew attests it and an audit can report a breach.", zh = "遗漏的内容无法从记录本身看出，由服务人员声明，审核时可报告违规。" }
check.conduct = { after = "diagnosis-done" }

[[rules]]
id = "execution-form.privacy-minimum"
clause = "使用关键提示.客户隐私保护"
phase = "general"
roles = ["any"]
severity = "must-not"
text = { en = "Keep private data that nobody needs, such as a full home address with the door number or the number of an identity document, out of the form and the system.", zh = "执行表和系统中不得出现不必要的隐私信息，如具体到门牌号的住址、证件号码。" }
reading = { en = "Numbers of identity documents are looked for in every free text. A door number cannot be told from other numbers with certainty: the place is redacted for readers without need of it, and the rest is left to an audit.", zh = "对所有自由文本检索证件号码。门牌号无法与其他数字可靠区分，故对无需知悉者隐去地点，其余由审核发现。" }
check.privacy = { forbid = ["identity-document-number", "full-door-number"] }

[[rules]]
id = "execution-form.retrieve-original"
clause = "使用关键提示.客户隐私保护"
phase = "archive"
roles = ["technician"]
severity = "must"
text = { en = "Bring the form signed by the customer back to the company promptly.", zh = "及时收回客户签字的原件。" }
reading = { en = "The customer signs on the device, so the original is the signed record: it is back when it has been uploaded. \"Promptly\" has no figure of its own. The return of a paper copy, if one was signed, is left to an audit.", zh = "客户在设备上签字，原件即签字后的记录，上传后即视为收回。“及时”没有单独的时限。如另签纸质原件，其收回由审核查验。" }
check.field = { sources = ["signature.customer", "event.record-uploaded"], window = { after = "signed-off" } }

[[rules]]
id = "execution-form.major-fault-escalate"
clause = "使用关键提示.问题升级机制"
phase = "review"
roles = ["any"]
severity = "must"
text = { en = "Report a major fault (a safety hazard or a batch quality problem) or a complaint that grows more serious to the service director at once.", zh = "发现重大问题（安全隐患、批量质量问题）或投诉升级时，立即报告服务总监。" }
reading = { en = "\"At once\" has no figure. The pack records both moments; only a person can judge that the time between them was too long.", zh = "“立即”没有具体数字。本包记录发现与报告两个时刻，是否过迟由人判断。" }
check.milestone = { start = ["major-fault-found", "complaint-escalated"], limit = "at-once", end = ["director-told"], tell = [{ to = "service-director" }] }

[[rules]]
id = "execution-form.emergency-plan"
clause = "使用关键提示.问题升级机制"
phase = "review"
roles = ["service-director"]
severity = "must"
text = { en = "On a major fault or a complaint that grows more serious, start the emergency plan while the report is being made.", zh = "发生重大问题或投诉升级时，在上报的同时启动应急预案。" }
when = "events[''major-fault-found''] > 0 || events[''complaint-escalated''] > 0"
reading = { en = "The standard cites an emergency plan without including it; the company''s own plan is meant. The pack asks that its start be recorded and sets no figure for \"at the same time\".", zh = "原文引用而未附应急预案，此处指公司自有预案。本包要求记录启动时刻，对“同时”不设具体时限。" }
check.act = { event = "emergency-plan-started" }

[[rules]]
id = "execution-form.tools-regular-check"
clause = "使用关键提示.工具备件管理"
phase = "prepare"
roles = ["technician"]
severity = "must"
text = { en = "Check the condition of your tools regularly.", zh = "定期检查工具的状态。" }
reading = { en = "The standard sets no interval. The crew attests it with the preparation of each visit.", zh = "原文未规定周期。服务人员在每次出发准备时一并声明。" }
check.conduct = { after = "order-dispatched" }

[[rules]]
id = "execution-form.old-for-new"
clause = "使用关键提示.工具备件管理"
phase = "parts"
roles = ["technician"]
severity = "must"
text = { en = "Draw a new part only in exchange for the old one.", zh = "领用新件须以旧换新。" }
reading = { en = "On site the old part comes out only when the new one is there, so a new part may be issued in advance; the exchange stays open until the old part is handed in. One old part for one new part.", zh = "现场须先有新件才能拆下旧件，故允许先领新件，旧件交回之前该项保持未结。一件新件对应一件旧件。" }
check.parts = { demands = "old-for-new" }

[[rules]]
id = "execution-form.old-parts-collect"
clause = "使用关键提示.工具备件管理"
phase = "parts"
roles = ["warehouse"]
severity = "must"
text = { en = "Collect the old parts in one place.", zh = "集中回收旧件。" }
check.parts = { demands = "collected" }

[[rules]]
id = "execution-form.old-parts-register"
clause = "使用关键提示.工具备件管理"
phase = "parts"
roles = ["warehouse"]
severity = "must"
text = { en = "Enter the collected old parts in the register, so that nothing is wasted.", zh = "对回收的旧件登记造册，避免浪费。" }
check.parts = { demands = "registered" }
');
CREATE TABLE request (
    tenant      TEXT NOT NULL REFERENCES tenant (id),
    number      TEXT NOT NULL,
    fields      TEXT NOT NULL,
    received_at TEXT NOT NULL,
    target_at   TEXT,
    closed_at   TEXT,
    verdict     TEXT,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "request" VALUES('main','101001241039','{"area":"Dorchester","channel":"City Worker App","fault":"Catchbasin","latitude":"42.2966","location":"730 William T Morrissey Blvd  Dorchester  MA  02122","longitude":"-71.0479","service_type":"repair","urgency":"normal","work_type":"repair"}','2015-01-02T09:17:43-05:00',NULL,'2015-01-02T12:38:23-05:00','ONTIME',1772438400011);
CREATE TABLE scope_event (
    tenant     TEXT NOT NULL,
    technician TEXT NOT NULL,
    document   BLOB NOT NULL,
    seq        INTEGER NOT NULL,
    granted    INTEGER NOT NULL CHECK (granted IN (0, 1)),
    PRIMARY KEY (tenant, technician, document, seq),
    FOREIGN KEY (tenant, technician) REFERENCES technician (tenant, id),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "scope_event" VALUES('main','lee',X'C8C8FD69CEA346888173103867E9FEBF',3,1);
CREATE TABLE snapshot (
    tenant   TEXT NOT NULL,
    document BLOB NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, document) REFERENCES visit (tenant, id)
) STRICT;
INSERT INTO "snapshot" VALUES('main',X'C8C8FD69CEA346888173103867E9FEBF',X'856F4A8330BCB78200B70902109BCBD43CF16C4BB899D9CDE3013F902310B8BB14AB62FFD777C89D613B377D023701630C8C3766EF92D2D46C08EDAB3636FC52881EEF9702C8124521A238262A3FC808010403051305230B352D4004430456020A010402101DF4022106232D3401421256315FF8038001020201020002017E7F017C2C0201027C808795CD0600A8C600007C0872656769737465720864697370617463680C636F6E73756D652D706172740C726571756573742D706172747F0003017F000201040700082901000806060C070B09030A020E7F1106198D90418EDB300C458136769C4CDB53642BC096EC583A458F30A0482AF1C4960C51CE20B72F12B4DD74D3DDC7E77BF8007F5661E299BE4CF4F523F9DD6D8A54A71026E45AF0CA0B3452201264DA15986F7B88F2C9598E20325DE2C2B134500A4B61AAF9CEB148B330C89659AA9489F311168EF404E58FFCD73850C2ED75FAC78DA9B0542BE422F57A4D2549250CB31C9FB3509E4C2D5BBEF3630799618F578891E72AC03697668632958DB899134299523CCC295E5E551DB7C5737ECB8C3CDD99DEA17C13CEF709F9BD3C56DE6FF9C2111F87CF946FAFE664B4836118B4D208A8FAB10565C3484A5B3430D8DE91F1278BEDC00390D2E7D12ADB9156DE5B54E0B5D3A645DBE9F1E478F0A0AD531C6CAF6C60AD5C6B9C6A8D633E3B838371A7568FBE656F15A12365C773A7EC60BC6A87DE6BE260C6D09D9C474FBD4115BA33AADE7BAB9C23A790D8B49D09AED5FF05E90A6113FE8E6959B638FDFE56F21F8CCFD4489AB767A8A4F02A3F0A2F6BCA901F6A9D21FE0228010300060179077B027F037B0402036E235E7E037C0F77087C7B02097801037F020A0A017C037E0105027F7A6B03017D0103317F0003017F00020102007F011000110106047900C60476560013D60E02007FC613100078A601F601A60176B6068601C6019603036602A6097CC6099612F60DB60F0600AD934D6BDC301086A1BFC4CCB5D63292BDD6C72D1FBD253487941C4A0FB2346E44BCB623C9DB2ECBFEF7E20D6D9A6D73082D08A1C33BCF3C0323A79CEA7CA399235BB1BA518A292E2BC6B1528D24DD51DB258ADBE0681B52C8EFF6103C18A0EFE4E61CC6817563DC40095B8A298C0318E02B5C219490EEAD583760A0F64EB5DA11D5E81D77B2B5B556425B9288BCE1B2E26AADA442B1962D29BF16C89D5DCB5612A223CBE1B00717E91B98CFD013C1971252B631830181A261583114B71C0D2EE7FDF1861268F027097192C8E3D8A785BA99FB1C3694292EF0760706C6AE0B8EA0047BD207D50BCAE1728CEE9E52A67811F2AEB81BE303C5E26C9A2E6C76F7AD4D61A8C54AE8A691151677A1EF83DD14B7C5F51863488976C579BFF545F1CC298AEBB3A240C1856092AFB0969A2347E4A2E65869817CCD901F5DB4E1D2D415C3B5418C34D91087316E6CFFF4DE43DE4DB44C133D45E6439A1629F2F0D6297F91223DCE94328BE4286C5F27BDE2F857D2D7B08CFD2F56938D0BE8087CE62CCBF22784A3A95EAC816DC779C9DC7CBABE611C4AE8ACCB09CCFEA72218D0AD6B7D5D39D6F1C6B1BA6D15D3DA6BE63C55C8AB4EA3E0703811B2E981FCF241FE9BD0E36C871CF2C27A6A37CC9B96221838FF7075CB2494BF45440991A6DE3A3AD6268AC1F660E0E3D5E5911A29CF71200FA6B37DA2C35B240F3F00310003');
CREATE TABLE standard (
    tenant   TEXT NOT NULL REFERENCES tenant (id),
    id       TEXT NOT NULL,
    version  TEXT NOT NULL,
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    source   TEXT NOT NULL,
    original TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE technician (
    tenant   TEXT NOT NULL REFERENCES tenant (id),
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "technician" VALUES('main','lee','Name of lee',1772438400032);
INSERT INTO "technician" VALUES('main','mei','Name of mei',1772438400033);
CREATE TABLE tenant (
    id       TEXT NOT NULL PRIMARY KEY,
    epoch    BLOB NOT NULL CHECK (length(epoch) = 8),
    next_seq INTEGER NOT NULL CHECK (next_seq > 0)
, organisation_key BLOB) STRICT;
INSERT INTO "tenant" VALUES('main',X'29882FF3CC990F3D',6,X'6A26409DCA5F42A7E7DCB8BC518BF2B88637CB4F1CE303F31C18556423F28E26');
CREATE TABLE token (
    tenant     TEXT NOT NULL REFERENCES tenant (id),
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "token" VALUES('main','632a4590','office','["admin"]',X'6A4446B5EE26084112847B39399A77A6F16D36DD129000C6B1BE771A65C19A42',1772438400008,NULL);
CREATE TABLE visit (
    tenant       TEXT NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL CHECK (length(id) = 16),
    kind         TEXT NOT NULL CHECK (kind IN ('visit', 'case', 'shift')),
    job          TEXT NOT NULL,
    number       TEXT NOT NULL,
    request      TEXT,
    about        BLOB,
    pack         BLOB NOT NULL,
    office_actor BLOB NOT NULL CHECK (length(office_actor) = 16),
    state        TEXT NOT NULL,
    urgency      TEXT NOT NULL,
    start_at     INTEGER,
    crew         TEXT NOT NULL,
    customer     TEXT NOT NULL,
    outstanding  INTEGER NOT NULL,
    violated     INTEGER NOT NULL,
    conflicts    INTEGER NOT NULL,
    owed_by      TEXT NOT NULL,
    next_due     INTEGER,
    updated_seq  INTEGER NOT NULL,
    heads        BLOB NOT NULL,
    search       TEXT NOT NULL, incidents TEXT NOT NULL DEFAULT '[]', alerts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, number),
    UNIQUE (tenant, request),
    FOREIGN KEY (tenant, request) REFERENCES request (tenant, number),
    FOREIGN KEY (tenant, about) REFERENCES visit (tenant, id),
    FOREIGN KEY (tenant, pack) REFERENCES pack (tenant, sha256)
) STRICT, WITHOUT ROWID;
INSERT INTO "visit" VALUES('main',X'C8C8FD69CEA346888173103867E9FEBF','visit','service','101001241039','101001241039',NULL,X'4DC8B9CEE40DC1C7BA49829AE700161731858780257BE8D5201CA57B7E00CEA1',X'B8BB14AB62FFD777C89D613B377D0237','assigned','normal',1772445600000,'["lee"]','',17,1,0,'["customer-service","warehouse"]',1772442000000,5,X'630C8C3766EF92D2D46C08EDAB3636FC52881EEF9702C8124521A238262A3FC8','
dorchester
catchbasin
lee','[]',0);
CREATE INDEX visit_by_update ON visit (tenant, updated_seq DESC);
CREATE INDEX visit_by_due ON visit (tenant, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX visit_by_state ON visit (tenant, state, updated_seq DESC);
CREATE INDEX visit_by_job ON visit (tenant, kind, job, updated_seq DESC);
CREATE INDEX change_by_document ON change (tenant, document, seq);
CREATE INDEX alert_by_answer ON alert (tenant, acknowledged_at IS NULL DESC, received_at DESC);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('audit',7);
COMMIT;
