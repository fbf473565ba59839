// MQTT.js as a client that mqttlab conform --client can test: told on standard input what to do,
// it says on standard output what became of it (docs/conform.md has the lines).
'use strict';
const { execSync } = require('child_process');
const path = require('path');
const readline = require('readline');

function load(name) {
  const places = ['/usr/lib/node_modules', '/usr/local/lib/node_modules'];
  try {
    return require(require.resolve(name, { paths: [process.cwd(), ...places] }));
  } catch {
    const root = execSync('npm root --global', { stdio: ['ignore', 'pipe', 'ignore'] });
    return require(path.join(root.toString().trim(), name));
  }
}

if (process.argv[2] === '--release') {
  load('mqtt');
  console.log('MQTT.js ' + load('mqtt/package.json').version);
  process.exit(0);
}

const mqtt = load('mqtt');
const url = process.argv[2];
let client = null;

const encode = (bytes) =>
  [...Buffer.from(bytes)].map((byte) => {
    const letter = String.fromCharCode(byte);
    return /[A-Za-z0-9_./-]/.test(letter) ? letter : '%' + byte.toString(16).padStart(2, '0');
  }).join('');
const say = (word, fields = {}) => console.log([word, ...Object.entries(fields)
  .filter(([, value]) => value !== undefined && value !== null)
  .map(([name, value]) => name + '=' + encode(String(value)))].join(' '));
const unsupported = (why) => say('unsupported', { why });

function bytesOf(text) {
  const bytes = [];
  for (let at = 0; at < text.length; ++at) {
    if (text[at] === '%') {
      bytes.push(parseInt(text.substr(at + 1, 2), 16));
      at += 2;
    } else {
      bytes.push(text.charCodeAt(at));
    }
  }
  return Buffer.from(bytes);
}

// Text fields become strings; what is no UTF-8 cannot be one.
class NoText extends Error {}
function textOf(bytes) {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new NoText('a string is Unicode');
  return text;
}

function fieldsOf(words) {
  return words.filter(Boolean).map((word) => {
    const equals = word.indexOf('=');
    return [textOf(bytesOf(word.slice(0, equals))), bytesOf(word.slice(equals + 1))];
  });
}

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const numbers = new Set(['session_expiry_interval', 'receive_maximum', 'maximum_packet_size',
  'topic_alias_maximum', 'topic_alias', 'message_expiry_interval', 'subscription_identifier',
  'will_delay_interval']);
const yesOrNo = new Set(['request_response_information', 'request_problem_information',
  'payload_format_indicator']);
const texts = new Set(['content_type', 'response_topic', 'reason_string']);

// Whether the name is that of a property.
function addProperty(properties, name, bytes) {
  if (name.startsWith('user.')) {
    properties.userProperties = properties.userProperties || {};
    properties.userProperties[name.slice(5)] = textOf(bytes);
  } else if (numbers.has(name)) {
    properties[camel(name)] = Number(textOf(bytes));
  } else if (yesOrNo.has(name)) {
    properties[camel(name)] = Number(textOf(bytes)) !== 0;
  } else if (texts.has(name)) {
    properties[camel(name)] = textOf(bytes);
  } else if (name === 'correlation_data') {
    properties.correlationData = bytes;
  } else {
    return false;
  }
  return true;
}
const orNone = (properties) => (Object.keys(properties).length > 0 ? properties : undefined);

function connect(fields) {
  const options = { reconnectPeriod: 200, resubscribe: false, protocolVersion: 5 };
  const properties = {};
  const will = {};
  const willProperties = {};
  for (const [name, bytes] of fields) {
    if (name === 'version') options.protocolVersion = textOf(bytes) === '5' ? 5 : 4;
    else if (name === 'client_id') options.clientId = textOf(bytes);
    else if (name === 'clean_start') options.clean = textOf(bytes) !== '0';
    else if (name === 'keep_alive') options.keepalive = Number(textOf(bytes));
    else if (name === 'user_name') options.username = textOf(bytes);
    else if (name === 'password') options.password = bytes;
    else if (name === 'will_topic') will.topic = textOf(bytes);
    else if (name === 'will_payload') will.payload = bytes;
    else if (name === 'will_qos') will.qos = Number(textOf(bytes));
    else if (name === 'will_retain') will.retain = textOf(bytes) !== '0';
    else if (name.startsWith('will.') && addProperty(willProperties, name.slice(5), bytes)) continue;
    else if (!addProperty(properties, name, bytes)) return unsupported(name);
  }
  if (will.topic !== undefined) {
    options.will = { payload: Buffer.alloc(0), qos: 0, retain: false, ...will };
    if (orNone(willProperties)) options.will.properties = willProperties;
  }
  if (orNone(properties)) options.properties = properties;
  client = mqtt.connect(url, options);
  client.on('connect', (packet) => say('connected', {
    session_present: Number(packet.sessionPresent), reason: packet.reasonCode ?? packet.returnCode }));
  client.on('message', (topic, payload, packet) => console.log(
    `message topic=${encode(topic)} qos=${packet.qos} retain=${Number(packet.retain)} ` +
    `dup=${Number(packet.dup)} payload=${encode(payload)}`));
  client.on('disconnect', (packet) => say('disconnected', { reason: packet.reasonCode }));
  let wasConnected = false;
  client.on('connect', () => { wasConnected = true; });
  client.on('close', () => (wasConnected ? say('disconnected') : say('failed', { why: 'no connection' })));
  client.on('error', (error) => (typeof error.code === 'number'
    ? say('refused', { reason: error.code, why: error.message })
    : say('failed', { why: error.message })));
}

function publish(fields) {
  let topic = '';
  let payload = Buffer.alloc(0);
  const options = { qos: 0, retain: false };
  const properties = {};
  for (const [name, bytes] of fields) {
    if (name === 'topic') topic = textOf(bytes);
    else if (name === 'payload') payload = bytes;
    else if (name === 'qos') options.qos = Number(textOf(bytes));
    else if (name === 'retain') options.retain = textOf(bytes) !== '0';
    else if (!addProperty(properties, name, bytes)) return unsupported(name);
  }
  if (orNone(properties)) options.properties = properties;
  client.publish(topic, payload, options, (error, packet) => (error
    ? say('failed', { verb: 'publish', reason: error.code, why: error.message })
    : say('published', { reason: (packet && packet.reasonCode) || 0 })));
}

function subscribe(fields) {
  const filters = {};
  const properties = {};
  let last = null;
  const flags = { no_local: 'nl', retain_as_published: 'rap' };
  for (const [name, bytes] of fields) {
    if (name === 'filter') last = filters[textOf(bytes)] = { qos: 0 };
    else if (last && name === 'qos') last.qos = Number(textOf(bytes));
    else if (last && flags[name]) last[flags[name]] = textOf(bytes) !== '0';
    else if (last && name === 'retain_handling') last.rh = Number(textOf(bytes));
    else if (!addProperty(properties, name, bytes)) return unsupported(name);
  }
  const options = orNone(properties) ? { properties } : {};
  client.subscribe(filters, options, (error, granted) => (error
    ? say('failed', { verb: 'subscribe', why: error.message })
    : say('subscribed', { reasons: granted.map((one) => one.qos).join(',') })));
}

function unsubscribe(fields) {
  const filters = fields.map(([name, bytes]) => (name === 'filter' ? textOf(bytes) : ''));
  client.unsubscribe(filters, (error) => (error
    ? say('failed', { verb: 'unsubscribe', why: error.message })
    : say('unsubscribed')));
}

function disconnect(fields) {
  const options = {};
  for (const [name, bytes] of fields) {
    if (name === 'reason') options.reasonCode = Number(textOf(bytes));
    else return unsupported(name);
  }
  client.end(false, options);
}

const verbs = { connect, publish, subscribe, unsubscribe, disconnect, reconnect: () => client.reconnect() };

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, ...words] = line.split(' ');
  try {
    if (verbs[verb]) verbs[verb](fieldsOf(words));
    else unsupported(verb);
  } catch (error) {
    if (error instanceof NoText) unsupported(error.message);
    else say('failed', { verb, why: error.message });
  }
}).on('close', () => process.exit(0));
say('ready');
