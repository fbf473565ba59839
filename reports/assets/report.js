// Draws the charts of report.html from the data in the page. Every text is data of a stranger: it
// goes into the page as text nodes only, never as markup.
"use strict";
(() => {
  const data = unpack(JSON.parse(document.getElementById("data").textContent));
  const root = document.documentElement;
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const states = ["away", "connecting", "fresh", "resumed", "mixed"];
  const state_names = ["away", "connecting", "connected, new session", "connected, session resumed", "changing often"];
  const svg_segments_max = 5000;

  // ---- The data: whole numbers on their way, seconds from here on --------------------------------
  // Times come in tenths of a millisecond, many counted from what stands before them; latencies in
  // microseconds.
  function unpack(packed) {
    const time = (tenths) => tenths / 1e4, took = (micros) => micros / 1e6, absent = (value) => value === null;
    const bands = (flat) => {
      const rows = [];
      for (let i = 0, from = 0; i < flat.length; i += 4) {
        from += flat[i];
        rows.push([time(from), time(from + flat[i + 1]), flat[i + 2], flat[i + 3]]);
      }
      return rows;
    };
    const states = (flat) => {
      let at = 0;
      return flat.map((one, i) => (i % 2 ? one : time(at += one)));
    };
    const since = (before, value) => (absent(value) ? null : time(before + value));
    const connection = ([number, from, accepted, present, until, ended]) =>
      [number, time(from), since(from, accepted), present, since(from, until), ended];
    const message = (one) => {
      const at = one[4];
      const packets = one[11].map(([sent, received, by_client, text]) => [time(at + sent), since(at + sent, received), by_client, text]);
      return [...one.slice(0, 4), time(at), absent(one[5]) ? null : took(one[5]), ...one.slice(6, 11), packets, one[12]];
    };
    return {
      ...packed, end: time(packed.end), calm: absent(packed.calm) ? null : time(packed.calm), bands: bands(packed.bands), down: bands(packed.down),
      fleet: packed.fleet.map(([from, ...rest]) => [time(from), ...rest]),
      clients: packed.clients.map((client) => ({ ...client, states: states(client.states) })),
      latency: packed.latency.map((one) => ({
        ...one, bins: one.bins.map(([from, count, ...rest]) => [time(from), count, ...rest.map(took)]),
        curve: one.curve.map(([percentile, value]) => [percentile, took(value)]),
      })),
      journeys: { ...packed.journeys, clients: packed.journeys.clients.map((client) => ({
        ...client, connections: client.connections.map(connection), messages: client.messages.map(message),
      })) },
    };
  }

  // ---- Words -------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  const clock = (s, precise) => {
    const ms = Math.floor(s * 1000 + 1e-6), whole = Math.floor(ms / 1000);
    let text = two(Math.floor(whole / 3600)) + ":" + two(Math.floor((whole % 3600) / 60));
    if (precise || whole % 60 || zoom_span() < 600) text += ":" + two(whole % 60);
    if (precise || zoom_span() < 5) text += "." + String(ms % 1000).padStart(3, "0");
    return text;
  };
  const digits = (v) => (v >= 99.95 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2)).replace(/\.0+$/, "");
  // What stands at an axis that grows by tens: 1000 s, not 16.7 min.
  const power_of_ten = (s) => (s >= 1 ? +s.toPrecision(3) + " s" : latency(s));
  const latency = (s) => {
    if (s === 0) return "0 s";
    if (s < 0.9995e-3) return digits(s * 1e6) + " \u00b5s";
    if (s < 0.9995) return digits(s * 1e3) + " ms";
    if (s < 120) return digits(s) + " s";
    if (s < 7200) return digits(s / 60) + " min";
    return digits(s / 3600) + " h";
  };
  // A tooltip as an element: a title and lines, all of them text.
  const tip = (title, lines) => {
    const box = document.createElement("div");
    box.className = "tip";
    const head = document.createElement("b");
    head.textContent = title;
    box.append(head);
    for (const line of lines) {
      const row = document.createElement("span");
      row.textContent = line;
      box.append(row);
    }
    return box;
  };

  // ---- Zoom, shared by all charts over time --------------------------------------------------
  const zoom = { from: 0, until: 100 };
  const zoom_span = () => ((zoom.until - zoom.from) / 100) * data.end;
  const steps = [1e-3, 1e-2, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800];
  const tick = (width) => {
    const most = Math.max(2, Math.floor(width / 95));
    return steps.find((step) => zoom_span() / step <= most) || 604800;
  };
  const margin = (width) => (width < 600 ? 88 : 120);  // left of all charts over time: they line up
  // Round times within the part that is shown.
  const ticks = (width) => {
    const step = tick(width), from = (zoom.from / 100) * data.end, until = (zoom.until / 100) * data.end, all = [];
    for (let i = Math.ceil(from / step); i * step <= until && all.length < 100; ++i) all.push(i * step);
    return all;
  };
  const time_axis = (width) => ({
    type: "value", min: 0, max: data.end,
    axisLabel: { color: css("--soft"), formatter: (s) => clock(s), hideOverlap: true, customValues: ticks(width) },
    axisLine: { lineStyle: { color: css("--line") } }, axisTick: { show: true, lineStyle: { color: css("--line") }, customValues: ticks(width) },
    splitLine: { show: false },
  });
  const time_zoom = (slider) => {
    const inside = { type: "inside", xAxisIndex: 0, start: zoom.from, end: zoom.until, zoomOnMouseWheel: "ctrl", moveOnMouseMove: "shift", filterMode: "none", minSpan: 0.01 };
    if (!slider) return [inside];
    return [inside, {
      type: "slider", xAxisIndex: 0, start: zoom.from, end: zoom.until, height: 20, bottom: 4, filterMode: "none", showDataShadow: false, brushSelect: false, minSpan: 0.01,
      labelFormatter: (s) => clock(s), borderColor: css("--line"), fillerColor: css("--resumed") + "2e", textStyle: { color: css("--soft"), fontSize: 11 },
      handleStyle: { color: css("--paper"), borderColor: css("--soft") }, moveHandleStyle: { color: css("--line") },
      dataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
      selectedDataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
    }];
  };

  // ---- Bands of faults ------------------------------------------------------------------------
  const band_areas = () => {
    const areas = [];
    for (const [from, until, fault, times] of data.bands) {
      const share = data.faults[fault].share;
      if (share < 0.1) continue;
      areas.push([{ xAxis: from, itemStyle: { opacity: times > 1 ? 0.06 : 0.06 + 0.12 * share } }, { xAxis: until }]);
    }
    for (const [from, until] of data.down) areas.push([{ xAxis: from, itemStyle: { color: css("--broken"), opacity: 0.3 } }, { xAxis: until }]);
    return areas;
  };
  const faults_at = (s) => {
    const names = new Set();
    for (const [from, until, fault] of data.bands) if (s >= from && s < until) names.add(data.faults[fault].label);
    for (const [from, until] of data.down) if (s >= from && s < until) names.add("broker down");
    const all = [...names].slice(0, 5).map((name) => "Fault: " + name);
    if (names.size > 5) all.push("and " + (names.size - 5) + " more");
    return all;
  };
  const marks = () => ({
    markArea: { silent: true, animation: false, itemStyle: { color: css("--fault") }, data: band_areas() },
    markLine: data.calm === null ? undefined : {
      silent: true, symbol: "none", animation: false, lineStyle: { color: css("--soft"), type: "dashed" },
      label: { show: false }, data: [{ xAxis: data.calm }],
    },
  });

  const base = () => ({
    animation: false, textStyle: { fontFamily: css("--font"), color: css("--ink") },
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: css("--paper"), borderColor: css("--line"), padding: [6, 10],
      axisPointer: { type: "line", lineStyle: { color: css("--soft"), type: "dotted" }, label: { show: false } },
      extraCssText: "box-shadow:0 2px 10px rgba(0,0,0,.18);max-width:320px;white-space:normal",
    },
  });
  const value_axis = (more) => ({
    axisLabel: { color: css("--soft") }, splitLine: { lineStyle: { color: css("--line"), opacity: 0.6 } },
    axisLine: { show: false }, axisTick: { show: false }, ...more,
  });
  const legend = (names) => ({ data: names, top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 8, textStyle: { color: css("--soft"), fontSize: 12 }, inactiveColor: css("--line") });

  // ---- The charts: each gives its options for the present theme and width ------------------------
  const fleet = (width) => {
    const line = (name, column, colour, more) => ({
      name, type: "line", step: "start", symbol: "none", lineStyle: { width: 1.5, color: colour }, itemStyle: { color: colour },
      data: [...data.fleet.map((bin) => [bin[0], bin[column]]), ...(data.fleet.length ? [[data.end, data.fleet.at(-1)[column]]] : [])], ...more,
    });
    return {
      ...base(), legend: legend(["connected", "fewest at a time", "connecting"]), grid: { left: margin(width), right: 12, top: 30, bottom: 52 },
      xAxis: time_axis(width), yAxis: value_axis({ type: "value", min: 0, max: data.total, minInterval: 1, splitNumber: 4 }), dataZoom: time_zoom(true),
      series: [
        line("connected", 1, css("--resumed"), { areaStyle: { color: css("--resumed"), opacity: 0.18 }, ...marks() }),
        line("fewest at a time", 3, css("--soft"), { lineStyle: { width: 1, color: css("--soft"), type: "dotted" } }),
        line("connecting", 2, css("--connecting")),
      ],
      tooltip: { ...base().tooltip, formatter: (rows) => {
        const bin = data.fleet[rows[0].dataIndex] || data.fleet.at(-1);
        return tip("from " + clock(bin[0], true), [bin[1] + " of " + data.total + " connected", "fewest at a time " + bin[3], bin[2] + " connecting", ...faults_at(rows[0].axisValue)]);
      } },
    };
  };

  // How many lines the names above a chart take: each has a sign, gaps, and letters of 12 px.
  const legend_lines = (names, width) => {
    let lines = 1, x = 0;
    for (const name of names) {
      const wide = 41 + 7.5 * name.length;
      if (x > 0 && x + wide > width) [lines, x] = [lines + 1, 0];
      x += wide;
    }
    return lines;
  };
  const latency_over_time = (width) => {
    const series = [], names = [];
    for (const one of data.latency) {
      const colour = css("--qos" + one.qos);
      const median = "QoS " + one.qos + " median", tail = "QoS " + one.qos + " p99";
      names.push(median, tail);
      // Slices in which nothing was published break the line; a slice alone is a dot.
      const width_of_bin = Math.min(...one.bins.slice(1).map((bin, i) => bin[0] - one.bins[i][0]));
      const near = (i, j) => one.bins[j] !== undefined && Math.abs(one.bins[j][0] - one.bins[i][0]) < 2.5 * width_of_bin;
      const put = (name, column, style) => {
        const points = [];
        one.bins.forEach((bin, i) => {
          if (i > 0 && !near(i, i - 1)) points.push([bin[0] - width_of_bin, null, 0]);
          points.push([bin[0], Math.max(bin[column], 1e-6), near(i, i - 1) || near(i, i + 1) ? 0 : 4]);
        });
        series.push({
          name, type: "line", symbol: "circle", symbolSize: (point) => point[2], showAllSymbol: true, data: points,
          lineStyle: { color: colour, ...style }, itemStyle: { color: colour },
        });
      };
      put(median, 3, { width: 1.8 });
      put(tail, 4, { width: 1.2, type: "dashed" });
    }
    if (series.length) Object.assign(series[0], marks());
    return {
      ...base(), legend: { ...legend(names), icon: "inherit", itemWidth: 26 }, grid: { left: margin(width), right: 12, top: 12 + 22 * legend_lines(names, width), bottom: 28 },
      xAxis: time_axis(width), yAxis: value_axis({ type: "log", axisLabel: { color: css("--soft"), formatter: power_of_ten } }), dataZoom: time_zoom(false), series,
      tooltip: { ...base().tooltip, formatter: (rows) => {
        const from = rows[0].axisValue, lines = [];
        for (const one of data.latency) {
          const bin = one.bins.find((b) => b[0] === from);
          if (bin) lines.push("QoS " + one.qos + ": median " + latency(bin[3]) + ", p99 " + latency(bin[4]) + ", most " + latency(bin[5]) + " (" + bin[1] + ")");
        }
        return tip("published from " + clock(from, true), [...lines, ...faults_at(from)]);
      } },
    };
  };

  // Percentiles by their nines: 90 %, 99 % and 99.9 % are equally far apart.
  const nines = (percentile, count) => Math.min(-Math.log10(1 - Math.min(percentile, 99.9999) / 100), Math.log10(Math.max(count, 1)));
  const percentiles = () => ({
    ...base(), legend: legend(data.latency.map((one) => "QoS " + one.qos)), grid: { left: 72, right: 24, top: 34, bottom: 28 },
    xAxis: {
      type: "value", min: 0, max: "dataMax", interval: 1, splitLine: { lineStyle: { color: css("--line"), opacity: 0.6 } }, axisLine: { lineStyle: { color: css("--line") } },
      axisLabel: { color: css("--soft"), showMaxLabel: false, formatter: (n) => +(100 - 100 / 10 ** n).toFixed(4) + " %" },
    },
    yAxis: value_axis({ type: "log", axisLabel: { color: css("--soft"), formatter: power_of_ten } }),
    series: data.latency.map((one) => ({
      name: "QoS " + one.qos, type: "line", showSymbol: false, smooth: 0.2, lineStyle: { width: 2, color: css("--qos" + one.qos) }, itemStyle: { color: css("--qos" + one.qos) },
      data: one.curve.map(([percentile, value]) => [nines(percentile, one.count), Math.max(value, 1e-6), percentile]),
    })),
    tooltip: { ...base().tooltip, formatter: (rows) => {
      const percentile = rows[0].data[2];
      return tip(percentile === 100 ? "slowest" : percentile + " % arrive within", rows.map((row) => row.seriesName + ": " + latency(row.data[1])));
    } },
  });

  const row_height = () => (data.clients.length <= 60 ? 15 : data.clients.length <= 120 ? 11 : 8);
  const client_segments = () => {
    const all = [];
    data.clients.forEach((client, row) => {
      for (let i = 0; i < client.states.length; i += 2)
        all.push([row, client.states[i], i + 2 < client.states.length ? client.states[i + 2] : data.end, client.states[i + 1]]);
    });
    return all;
  };
  const segments = client_segments();
  const band_rows = () => {
    const all = [];
    for (const [from, until, fault, times] of data.bands) {
      const rows = data.faults[fault].rows;
      if (rows === null) all.push([0, from, until, data.clients.length, times]);
      else for (const row of rows) all.push([row, from, until, 1, times]);
    }
    return all.slice(0, 20000);
  };
  const rectangle = (api, row, rows, from, until, inset, style) => {
    const left = api.coord([from, row]), right = api.coord([until, row]);
    const height = api.size([0, 1])[1];
    const area = { x: Math.max(left[0], api_grid.x), y: left[1] - height / 2 + inset, width: 0, height: height * rows - 2 * inset };
    area.width = Math.min(right[0], api_grid.x + api_grid.width) - area.x;
    if (area.width < 0) return undefined;
    area.width = Math.max(area.width, 0.6);
    return { type: "rect", shape: area, style };
  };
  let api_grid = { x: 0, width: 0 };
  const clients = (width) => {
    const left = margin(width);
    const colours = states.map((state) => css("--" + state));
    const fault = css("--fault");
    return {
      ...base(), legend: { ...legend(state_names), type: "plain", selectedMode: false },
      grid: { left, right: 12, top: width < 600 ? 78 : 34, bottom: 28 },
      xAxis: time_axis(width),
      yAxis: { type: "category", inverse: true, data: data.clients.map((client) => client.name), axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { color: css("--soft"), fontSize: 11, width: left - 12, overflow: "truncate", interval: row_height() >= 11 ? 0 : 2 } },
      dataZoom: time_zoom(false),
      series: [
        ...state_names.map((name, index) => ({ name, type: "line", data: [], itemStyle: { color: colours[index] }, lineStyle: { color: colours[index] } })),
        { type: "custom", progressive: 0, data: segments, encode: { x: [1, 2], y: 0 }, clip: true, renderItem: (params, api) => {
          api_grid = params.coordSys;
          return rectangle(api, api.value(0), 1, api.value(1), api.value(2), row_height() > 8 ? 3 : 1.5, { fill: colours[api.value(3)] });
        } },
        { type: "custom", progressive: 0, data: band_rows(), encode: { x: [1, 2], y: 0 }, silent: true, clip: true, z: 1, tooltip: { show: false }, renderItem: (params, api) => {
          api_grid = params.coordSys;
          return rectangle(api, api.value(0), api.value(3), api.value(1), api.value(2), 0, { fill: fault, opacity: api.value(4) > 1 ? 0.1 : 0.25 });
        } },
      ],
      tooltip: { ...base().tooltip, trigger: "item", formatter: (item) => {
        const [row, from, until, state] = item.data;
        return tip(data.clients[row].name, [state_names[state], clock(from, true) + " to " + clock(until, true) + " (" + latency(until - from) + ")", ...faults_at(from)]);
      } },
    };
  };

  // ---- Putting them into the page -----------------------------------------------------------------
  const makers = { fleet, latency: latency_over_time, clients, percentiles };
  const over_time = new Set(["fleet", "latency", "clients"]);
  const charts = [];
  for (const place of document.querySelectorAll("[data-chart]")) {
    const name = place.dataset.chart;
    if (name === "clients") place.style.height = data.clients.length * row_height() + (place.clientWidth < 600 ? 110 : 66) + "px";
    const renderer = name === "clients" && segments.length > svg_segments_max ? "canvas" : "svg";
    const chart = echarts.init(place, null, { renderer });
    charts.push({ name, place, chart });
    if (!over_time.has(name)) continue;
    chart.on("datazoom", () => {
      const own = chart.getOption().dataZoom[0];
      set_zoom(own.start, own.end);
    });
    place.addEventListener("keydown", (event) => {
      const span = zoom.until - zoom.from, middle = (zoom.from + zoom.until) / 2;
      const to = {
        "+": [middle - span / 4, middle + span / 4], "=": [middle - span / 4, middle + span / 4], "-": [middle - span, middle + span],
        ArrowLeft: [zoom.from - span / 5, zoom.until - span / 5], ArrowRight: [zoom.from + span / 5, zoom.until + span / 5], "0": [0, 100],
      }[event.key];
      if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const shift = Math.max(0, -to[0]) - Math.max(0, to[1] - 100);
      set_zoom(Math.max(0, to[0] + shift), Math.min(100, to[1] + shift));
    });
  }
  function draw(one) { one.chart.setOption(makers[one.name](one.chart.getWidth()), { notMerge: true, silent: true }); }
  function draw_all() { charts.forEach(draw); }
  function set_zoom(from, until) {
    if (Math.abs(from - zoom.from) < 1e-9 && Math.abs(until - zoom.until) < 1e-9) return;
    zoom.from = from;
    zoom.until = until;
    for (const one of charts) {
      if (!over_time.has(one.name)) continue;
      const customValues = ticks(one.chart.getWidth());
      one.chart.setOption({ xAxis: { axisLabel: { customValues }, axisTick: { customValues } } }, { silent: true, lazyUpdate: true });
      one.chart.dispatchAction({ type: "dataZoom", dataZoomIndex: 0, start: from, end: until }, { silent: true });
    }
  }
  draw_all();

  let resizing = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(resizing);
    resizing = requestAnimationFrame(() => { for (const one of charts) { one.chart.resize(); draw(one); } });
  });
  // Paper is as wide as it is; page.js has made it light.
  addEventListener("beforeprint", () => {
    for (const one of charts) { one.chart.resize({ width: 680 }); draw(one); }
  });
  addEventListener("afterprint", () => {
    for (const one of charts) { one.chart.resize({ width: "auto" }); draw(one); }
  });

  // ---- Buttons ---------------------------------------------------------------------------------
  document.getElementById("theme").addEventListener("click", draw_all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw_all);
  const of_clients = charts.find((one) => one.name === "clients");
  if (of_clients) of_clients.chart.on("click", (item) => {
    const client = Array.isArray(item.data) && data.clients[item.data[0]];
    if (client) location.hash = "#client-" + client.client;
  });

  window.mqttlab = { data, clock, latency };  // for journey.js
  root.dataset.ready = "yes";
})();
