/** The style of the report: light and dark, wide and narrow, screen and paper. Colors have a contrast of at least 4.5 to 1 for text. */

const light = `--page:#f4f6f8;--card:#fff;--ink:#16202c;--soft:#556270;--line:#d9e0e7;--wash:#eef2f6;--focus:#1d4ed8;
--blue:#2463eb;--blue-ink:#1d4fc4;--blue-wash:#dfe9fd;--green:#16924a;--green-ink:#0f6b36;--green-wash:#d9f2e3;
--good:#0f6b36;--good-wash:#e3f5ea;--attention:#8a5200;--attention-wash:#fdf1dc;--bad:#b3231c;--bad-wash:#fdeaea;--plain:#1d4fc4;--plain-wash:#e6eefd;
--light:44%;--chroma:62%`
const dark = `--page:#0c1117;--card:#151c25;--ink:#e7edf3;--soft:#9eabb9;--line:#2a3542;--wash:#1c2530;--focus:#8ab4ff;
--blue:#4f8bff;--blue-ink:#8fb6ff;--blue-wash:#18294a;--green:#2fb565;--green-ink:#6fdb9a;--green-wash:#12351f;
--good:#6fdb9a;--good-wash:#11291b;--attention:#f2bd5c;--attention-wash:#30240e;--bad:#ff8f87;--bad-wash:#371715;--plain:#8fb6ff;--plain-wash:#15233c;
--light:66%;--chroma:68%`

const hues = [212, 28, 160, 338, 265, 52, 190, 4, 96, 300]
  .map((hue, index) => `.hue-${index}{--hue:hsl(${hue} var(--chroma) var(--light))}`)
  .join('')

export const style = `
:root{color-scheme:light;${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${dark}}}
:root[data-theme=dark]{color-scheme:dark;${dark}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}*{transition:none!important;animation:none!important}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em}
h1,h2,h3,h4,p,ul,ol,dl,dd{margin:0}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px;top:0;background:var(--card);color:var(--ink);padding:.6rem 1rem;z-index:2}.skip:focus{left:.5rem;top:.5rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.top,main,footer{max-width:1200px;margin:0 auto;padding:0 1.25rem}
main:focus{outline:none}
.top{display:flex;justify-content:space-between;align-items:center;gap:1rem;padding-top:1rem;padding-bottom:1rem;flex-wrap:wrap}
.brand{display:flex;align-items:center;gap:.6rem;font-weight:650;letter-spacing:-.01em}
.brand .blue{fill:var(--blue)}.brand .green{fill:var(--green)}.brand path{fill:none;stroke:var(--card);stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
.themes{display:inline-flex;background:var(--wash);border:1px solid var(--line);border-radius:9px;padding:2px}
.themes button{border:0;background:none;color:var(--soft);font:inherit;font-size:.85rem;padding:.2rem .7rem;border-radius:7px;cursor:pointer}
.themes button[aria-pressed=true]{background:var(--card);color:var(--ink);box-shadow:0 1px 2px rgb(0 0 0/.15)}
footer{padding-top:1.5rem;padding-bottom:2rem;color:var(--soft);font-size:.85rem}
.chapter+.chapter{margin-top:3rem}
.verdict,.part,.overview{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.4rem 1.6rem;margin-bottom:1.1rem}
.verdict{--tone:var(--plain);--tone-wash:var(--plain-wash);background:linear-gradient(180deg,var(--tone-wash),var(--card) 75%);border-top:4px solid var(--tone)}
.good{--tone:var(--good);--tone-wash:var(--good-wash)}.attention{--tone:var(--attention);--tone-wash:var(--attention-wash)}.bad{--tone:var(--bad);--tone-wash:var(--bad-wash)}
.eyebrow{color:var(--soft);font-size:.86rem;margin-bottom:.5rem;overflow-wrap:anywhere}
.verdict h1,.verdict h2{font-size:clamp(1.2rem,1rem + 1.1vw,1.6rem);line-height:1.3;letter-spacing:-.015em;font-weight:680;display:flex;gap:.6rem;overflow-wrap:anywhere}
.mark{color:var(--tone);flex:none}
.standing{margin-top:.55rem;font-size:1.03rem}
.hint{margin-top:.7rem;overflow-wrap:anywhere}.code{color:var(--soft)}
.findings{margin-top:.9rem;padding-left:1.1rem;display:grid;gap:.7rem;overflow-wrap:anywhere}.findings ul{padding-left:1.1rem;margin-top:.25rem}
.findings code{background:var(--wash);border-radius:5px;padding:.1rem .35rem;white-space:pre-wrap}
.command{display:flex;align-items:center;gap:.7rem;margin-top:1rem;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.5rem .6rem .5rem .9rem;flex-wrap:wrap}
.command code{flex:1 1 16rem;overflow-wrap:anywhere}.command-label{color:var(--soft);font-size:.85rem}
.copy,.play{border:1px solid var(--line);background:var(--wash);color:var(--ink);font:inherit;font-size:.85rem;border-radius:8px;padding:.3rem .8rem;cursor:pointer;min-width:5rem}
.facts{display:flex;flex-wrap:wrap;gap:.9rem 2.2rem;margin-top:1.2rem}.facts div{min-width:0}
.facts dt{color:var(--soft);font-size:.8rem}.facts dd{font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.part h2,.part h3{font-size:1.08rem;letter-spacing:-.01em;margin-bottom:.6rem}
.quiet{color:var(--soft);font-size:.86rem}.notice{background:var(--attention-wash);color:var(--ink);border-left:4px solid var(--attention);border-radius:6px;padding:.6rem .9rem;margin:0 0 1rem}
.overview ol{margin-top:.7rem;padding-left:1.3rem;display:grid;gap:.35rem}.overview h1{font-size:1.35rem}.overview li::marker{color:var(--tone)}.overview a{color:var(--ink);overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.84rem;color:var(--soft);margin-bottom:.8rem}.legend span{display:inline-flex;align-items:center;gap:.4rem}
.key{width:18px;height:12px;border-radius:3px;display:inline-block}.key.load.blue{background:var(--blue)}.key.load.green{background:var(--green)}
.key.hatched{background:repeating-linear-gradient(135deg,var(--soft) 0 1.5px,transparent 1.5px 5px)}.key.dashed{border:1.5px dashed var(--soft)}.key.line{height:2px;background:var(--soft)}
.scroll{overflow-x:auto;max-width:100%}
.timeline{display:block;width:100%;min-width:820px;height:auto;font-size:11.5px}
.timeline text{fill:var(--soft);font-family:inherit}
.stage .cap{fill:var(--wash);stroke:var(--line)}.stage text{fill:var(--ink);font-weight:550}
.stage.back .cap{fill:var(--attention-wash);stroke:var(--attention)}.stage.bad .cap{fill:var(--bad-wash);stroke:var(--bad)}
.band{fill:none}.band.even{fill:var(--wash);opacity:.55}.stage.back .band{fill:var(--attention-wash);opacity:.45}.stage.bad .band.odd,.stage.bad .band.even{fill:var(--bad-wash);opacity:.45}
.timeline .side{font-size:13px;font-weight:650}.timeline .side.blue{fill:var(--blue-ink)}.timeline .side.green{fill:var(--green-ink)}
.timeline .node{fill:var(--ink);font-variant-numeric:tabular-nums}
.state.blue{fill:var(--blue-wash)}.state.green{fill:var(--green-wash)}
.hatch-back.blue{fill:var(--blue-wash)}.hatch-back.green{fill:var(--green-wash)}.hatch-line{stroke-width:2.2;opacity:.38}.hatch-line.blue{stroke:var(--blue)}.hatch-line.green{stroke:var(--green)}
.state.launching,.state.joining{fill:none;stroke:var(--soft);stroke-dasharray:3 3;stroke-width:1}.state.joining.green{stroke:var(--green)}.state.joining.blue{stroke:var(--blue)}
.state.not-ready{fill:var(--bad-wash);stroke:var(--bad)}.state.leaving{fill:var(--line);opacity:.6}
.load.blue{fill:var(--blue)}.load.green{fill:var(--green)}path.load{opacity:.85}
.journey path{fill:none;stroke:var(--hue);stroke-width:1.4;opacity:.6}.journey circle{fill:var(--card);stroke:var(--hue);stroke-width:1.4}.journey .came{fill:var(--hue);stroke:var(--card)}
.journey.lost path{stroke-dasharray:4 3}.journey.lost .came{fill:var(--card);stroke:var(--bad);stroke-width:2}
.journey:hover path{stroke-width:3;opacity:1}.journey.dim{opacity:.07}
.turn line{stroke:var(--ink);stroke-width:1.3;stroke-dasharray:2 3}.turn text{fill:var(--ink);font-weight:600}.turn.reverting line{stroke:var(--attention)}.turn.reverting text{fill:var(--attention)}
.axis line{stroke:var(--line)}.axis text{font-variant-numeric:tabular-nums}
${hues}
.player{display:flex;align-items:center;gap:.8rem;flex-wrap:wrap}.slider{flex:1 1 12rem;min-width:0;accent-color:var(--plain)}
.following .play,.following .slider{display:none}.moment{flex:1 1 100%;font-variant-numeric:tabular-nums;font-size:.9rem;color:var(--soft);white-space:pre-wrap}
.chips{display:flex;flex-wrap:wrap;gap:.35rem;margin:.7rem 0 .9rem}
.chip{display:inline-flex;align-items:center;gap:.4rem;border:1px solid var(--line);background:var(--card);color:var(--ink);font:inherit;font-size:.8rem;border-radius:99px;padding:.12rem .65rem .12rem .45rem;cursor:pointer;max-width:100%;overflow-wrap:anywhere}
.chip[aria-pressed=true]{background:var(--wash);border-color:var(--ink)}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
.panel{border-radius:12px;padding:.8rem;background:var(--wash);min-width:0;border-top:3px solid var(--blue)}.panel.green{border-top-color:var(--green)}
.panel-title{font-size:.86rem;font-weight:650;margin-bottom:.55rem;overflow-wrap:anywhere;color:var(--blue-ink)}.panel.green .panel-title{color:var(--green-ink)}
.cards{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:.5rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:9px;padding:.45rem .55rem .55rem;min-height:5.2rem;transition:opacity .3s;display:flex;flex-direction:column;min-width:0}
.card-name{font-size:.78rem;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.card-state{font-size:.74rem;color:var(--soft)}
.card[data-state=cordoned]{background:repeating-linear-gradient(135deg,var(--wash) 0 3px,var(--card) 3px 9px)}
.card[data-state=launching],.card[data-state=joining]{border-style:dashed}.card[data-state="not ready"]{border-color:var(--bad)}
.card[data-state=gone],.card[data-state="not there"],.card[data-state=terminating]{background:none;border-style:dotted}
.dots{display:flex;flex-wrap:wrap;gap:3px;margin-top:.35rem}
.dot{width:11px;height:11px;border-radius:50%;background:var(--hue);border:2px solid var(--hue);display:inline-block;flex:none}
.dot[data-state=leaving]{opacity:.4}.dot[data-state=starting]{background:none}.dot[data-state="not ready"]{background:none;border-color:var(--bad)}.dot.dim{opacity:.12}
details{border-top:1px solid var(--line)}details:last-of-type{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.65rem .2rem;font-weight:600}summary:hover{background:var(--wash)}
.badge{background:var(--wash);color:var(--soft);border-radius:99px;padding:.05rem .55rem;font-size:.78rem;font-weight:600;margin-left:.3rem}
.body{padding:0 .2rem 1rem;display:grid;gap:.7rem;grid-template-columns:minmax(0,1fr)}
table{border-collapse:collapse;width:100%;font-size:.87rem}caption{text-align:left;color:var(--soft);font-size:.8rem;padding-bottom:.3rem}
th,td{text-align:left;vertical-align:top;padding:.38rem .9rem .38rem 0;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
td,tbody th{min-width:5rem;max-width:34rem;overflow-wrap:break-word}thead th{color:var(--soft);font-size:.78rem;font-weight:600}tbody th{font-weight:600}tbody tr:last-child>*{border-bottom:0}
.plain{padding-left:1.1rem}pre{background:var(--wash);border-radius:8px;padding:.7rem .9rem;overflow-x:auto;margin:0}pre .add{color:var(--good)}pre .del{color:var(--bad)}
@media (max-width:640px){.top,main,footer{padding-left:.8rem;padding-right:.8rem}.verdict,.part,.overview{padding:1rem;border-radius:11px}.cards{grid-template-columns:repeat(auto-fill,minmax(118px,1fr))}.sides{grid-template-columns:1fr}.facts{gap:.7rem 1.5rem}}
@media print{:root{color-scheme:light;${light}}body{background:#fff;font-size:11px}.themes,.skip,.player,.copy,.chips{display:none!important}.verdict,.part{break-inside:avoid-page;box-shadow:none}.scroll{overflow:visible}.timeline{min-width:0}}
`
