// A meter as its maker may have written it: MQTT.js, a reading every ten seconds with QoS 1, and the
// client's own store and reconnecting in between. Nothing of it knows that it is simulated.
//   node meter.cjs HOST PORT ID MARK
const mqtt = require('mqtt');
const [host, port, id, mark] = process.argv.slice(2);
const client = mqtt.connect(`mqtt://${host}:${port}`, {
  clientId: id, clean: false, keepalive: 30, reconnectPeriod: 5000, connectTimeout: 30000,
});
let readings = 0;
setInterval(() => {
  readings += 1;
  // The mark lets mqttlab follow the message; a broker takes it for text like any other.
  client.publish(`meter/${id}`, `${mark}${readings.toString(36)}; 21.5`, { qos: 1 });
}, 10000);
client.on('error', (error) => console.log(`${error.message}`));
