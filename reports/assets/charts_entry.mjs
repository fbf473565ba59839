// What report.js uses of Apache ECharts, and nothing else: esbuild drops the rest.
import * as core from "echarts/core";
import { CustomChart, LineChart } from "echarts/charts";
import {
  DataZoomComponent, GridComponent, LegendComponent, MarkAreaComponent,
  MarkLineComponent, TooltipComponent,
} from "echarts/components";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

core.use([
  CanvasRenderer, CustomChart, DataZoomComponent, GridComponent, LegendComponent,
  LineChart, MarkAreaComponent, MarkLineComponent, SVGRenderer, TooltipComponent,
]);
globalThis.echarts = { init: core.init, connect: core.connect, graphic: core.graphic };
