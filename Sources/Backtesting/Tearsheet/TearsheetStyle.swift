/// The look of a tearsheet, light and dark as the reader's system is, and on paper.
enum TearsheetStyle {
    static let css = """
        :root{--back:#fff;--card:#f6f7f9;--text:#1b1f24;--dim:#626b76;--line:#dfe3e8;--main:#1f6feb;--good:#16794a;
        --bad:#c0352b;--area:#c0352b44}
        @media (prefers-color-scheme:dark){:root{--back:#0f1216;--card:#181d23;--text:#e4e8ee;--dim:#98a2ae;
        --line:#2c333c;--main:#5aa2ff;--good:#4cc38a;--bad:#ff7b72;--area:#ff7b7244}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--back);color:var(--text);
        font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
        main{max-width:1040px;margin:0 auto;padding:24px 20px 48px}
        h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px}
        h2 small,p small{font-weight:400;color:var(--dim);font-size:13px}
        header p{margin:0;color:var(--dim);font-size:13px}
        code{font-family:ui-monospace,Menlo,Consolas,monospace}
        dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:8px;margin:0}
        dl div{background:var(--card);border-radius:6px;padding:8px 10px}
        dt{color:var(--dim);font-size:12px}dd{margin:0;font-size:18px;font-variant-numeric:tabular-nums}
        .good{color:var(--good)}.bad{color:var(--bad)}
        svg{display:block;width:100%;height:auto}
        svg text{fill:var(--dim);font-size:12px;font-variant-numeric:tabular-nums}
        .grid{stroke:var(--line);stroke-width:1}.level{stroke:var(--dim);stroke-width:1;stroke-dasharray:4 4}
        polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}.equity{stroke:var(--main)}
        .price{stroke:var(--dim);stroke-width:1.2}
        .drawdown{fill:var(--area);stroke:var(--bad);stroke-width:1}
        .gain{fill:var(--good)}.loss{fill:var(--bad)}.buy{fill:var(--good)}.sell{fill:var(--bad)}
        .many{opacity:.6}pre{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;overflow-x:auto;margin:0}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;font-size:13px;width:100%;font-variant-numeric:tabular-nums}
        th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);white-space:nowrap}
        .text td{white-space:normal}
        th{color:var(--dim);font-weight:500}ul{margin:0;padding-left:18px}li{margin:3px 0}
        @media print{main{max-width:none;padding:0}section{break-inside:avoid}}
        """
}
