// Shapes exchanged with the server. Types only: never loaded by the browser.

/**
 * @typedef {"waiting"|"ready"|"running"|"handed_in"|"closed"} AttemptState
 * @typedef {{now_ms:number, starts_ms:number|null, deadline_ms:number|null, duration_ms:number,
 *   accommodation_ms:number, extension_ms:number, compensation_ms:number,
 *   stopped_ms?:number, stop?:{cause:"pause"|"alarm"|"break", since_ms:number, still_until_ms:number|null},
 *   breaks?:{count:number, taken:number, total_ms:number, used_ms:number}}} Clock
 * @typedef {{state:AttemptState, clock:Clock, streams:number, message?:{id:string, at_ms:number, text:string}}} ClockView
 * @typedef {{url:string, srcset?:string, alt:string, width:number, height:number, original?:() => Promise<string>}} Picture
 * @typedef {{url:string, description:string}} Video
 * @typedef {{x:number, y:number}} Point  fractions of the image, 0 to 1
 * @typedef {{ticked?:string[], rejected?:string[], text?:string, points?:Point[], choice?:number|null}} Response
 * @typedef {"QRU"|"QRM"|"QRP"|"QRPL"|"QROC"|"QZP"|"TCS"|"QCM"} Kind
 * @typedef {{id:string, html:string}} Proposition
 * @typedef {{id:string, number:number, kind:Kind, kind_label:string, mention?:string, instruction:string, stem_html:string,
 *   image?:Picture|null, video?:Video|null, propositions?:Proposition[], expected?:number|null, max_words?:number|null,
 *   hypothesis_html?:string, finding_html?:string, scale?:{value:number, label:string}[]}} Question
 * @typedef {{question:string, number:number, status:"open"|"locked"|"hidden", key?:number, text_html?:string}} Part
 * @typedef {{title:string, citation:string, html:string, pdf?:{url:string, label:string, description?:string}}} Article
 * @typedef {{type:"case", id:string, kind:string, title:string, progressive:boolean, intro_html:string,
 *   image?:Picture|null, article?:Article|null, parts:Part[]}} Case
 * @typedef {{type:"question", id:string, number:number}} Single
 * @typedef {{attempt:string, exam_title:string, section_title:string, candidate_name:string, candidate_number:string,
 *   instructions_html:string, state:AttemptState, clock:Clock, answered_count:number, question_count:number,
 *   paper:string, paper_hash:string, seed:string, queue_key:string, locked:string[], answers:Record<string, Response>, flags:string[], receipt?:Receipt|null,
 *   section_progress:{index:number, count:number}, handed_in_ms:number|null, place:string|null}} RoomData
 * @typedef {RoomData & {elements:(Single|Case)[], questions:Record<string, Question>}} OpenRoom  with its paper
 * @typedef {{state:AttemptState, clock:Clock, streams:number, locked:string[], keys:Record<string, string>}} KeysReply
 * @typedef {{hash:string, size:number, key:number, gzip:boolean, picture?:number, width?:number}} Piece
 * @typedef {{version:number, exam:string, section:string, pieces:Piece[]}} Manifest
 * @typedef {Record<string, {piece:number, mime:string}>} MediaText  by address
 * @typedef {{elements:(Single|Case)[], questions:Record<string, Question>, shuffled:boolean, media:MediaText}} BaseText
 * @typedef {{text_html:string, question:Question, media:MediaText}} FurtherText
 * @typedef {{answer:{question:string, response:Response}}|{flag:{question:string, on:boolean}}
 *   |{lock:{question:string}}|{view:{element:string}}|{hand_in:{}}} Act
 * @typedef {{seq:number, client_ms:number, act:Act}} Step
 * @typedef {"counted"|"late"|"locked"|"handed_in"|"invalid"|"superseded"|"after_marking"} Verdict
 * @typedef {{acknowledged:number, verdicts?:{seq:number, verdict:Verdict}[], state:AttemptState, clock:Clock,
 *   revealed?:boolean, streams:number, receipt?:Receipt|null}} StepsReply
 * @typedef {{position:number, hash:string, code:string}} Receipt  of the journal up to an act
 *
 * One place the candidate can stop at: a question, with the case it belongs to.
 * @typedef {{question:string, number:number, status:"open"|"locked"|"hidden", of:Case|null, part:number}} Stop
 *
 * What the views may ask of the room.
 * @typedef {{
 *   model: import("./model.js").Model,
 *   answer: (question:string, response:Response, delay_ms?:number) => void,
 *   toggleFlag: (question:string) => void,
 *   lock: (question:string) => void,
 *   go: (question:string) => void,
 *   say: (text:string) => void,
 *   readOnly: (question:string) => boolean
 * }} Room
 */
export {};
