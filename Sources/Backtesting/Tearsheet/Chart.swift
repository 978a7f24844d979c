/// A drawing of lines, areas and bars over two axes, as SVG text. Colours come from the page's style by class.
struct Chart {
    static let width = 960.0
    private static let left = 78.0
    private static let right = 14.0
    private static let top = 12.0
    private static let bottom = 26.0

    let height: Double
    let horizontal: ChartAxis
    let vertical: ChartAxis
    private var body = ""

    /// A chart over the given values; `margin` is free room above and below, as a share.
    init(
        height: Double, x: ClosedRange<Double>, y: ClosedRange<Double>, margin: Double = 0.05
    ) {
        self.height = height
        horizontal = ChartAxis(x.lowerBound, x.upperBound, from: Self.left, to: Self.width - Self.right)
        vertical = ChartAxis(
            y.lowerBound, y.upperBound, from: height - Self.bottom, to: Self.top, margin: margin)
    }

    /// Marks of the vertical axis with a line through each.
    mutating func addVerticalMarks(_ count: Int = 5, text: (Double, Int) -> String) {
        let ticks = vertical.ticks(count)
        let places = ChartAxis.places(ticks)
        for tick in ticks {
            let y = Self.number(vertical.position(tick))
            body += "<line class=\"grid\" x1=\"\(Self.number(Self.left))\" y1=\"\(y)\""
            body += " x2=\"\(Self.number(Self.width - Self.right))\" y2=\"\(y)\"/>"
            body += Self.label(
                x: Self.left - 8, y: vertical.position(tick) + 4, anchor: "end", text(tick, places))
        }
    }

    /// Marks of a horizontal axis of times.
    mutating func addTimeMarks() {
        for tick in horizontal.timeTicks(8) { addHorizontalMark(tick.value, tick.text) }
    }

    /// Marks of a horizontal axis of numbers.
    mutating func addHorizontalMarks(_ count: Int = 8, text: (Double, Int) -> String) {
        let ticks = horizontal.ticks(count)
        let places = ChartAxis.places(ticks)
        for tick in ticks { addHorizontalMark(tick, text(tick, places)) }
    }

    private mutating func addHorizontalMark(_ value: Double, _ text: String) {
        let x = horizontal.position(value)
        let base = height - Self.bottom
        body += "<line class=\"grid\" x1=\"\(Self.number(x))\" y1=\"\(Self.number(base))\""
        body += " x2=\"\(Self.number(x))\" y2=\"\(Self.number(base + 4))\"/>"
        // A text at the edge must not be cut off.
        let anchor = x > Self.width - 40 ? "end" : "middle"
        body += Self.label(x: x, y: height - 8, anchor: anchor, text)
    }

    /// A line through points.
    mutating func addLine(_ points: [(x: Double, y: Double)], style: String) {
        guard points.count > 1 else { return }
        body += "<polyline class=\"\(style)\" points=\"\(path(points))\"/>"
    }

    /// The area between points and a horizontal line.
    mutating func addArea(_ points: [(x: Double, y: Double)], base: Double, style: String) {
        guard points.count > 1, let first = points.first, let last = points.last else { return }
        let closed = [(x: first.x, y: base)] + points + [(x: last.x, y: base)]
        body += "<polygon class=\"\(style)\" points=\"\(path(closed))\"/>"
    }

    /// A bar from a horizontal line to a value, with a text for those who point at it.
    mutating func addBar(from: Double, to: Double, base: Double, value: Double, style: String, title: String)
    {
        let left = horizontal.position(from) + 0.5
        let right = horizontal.position(to) - 0.5
        let high = min(vertical.position(base), vertical.position(value))
        let low = max(vertical.position(base), vertical.position(value))
        body += "<rect class=\"\(style)\" x=\"\(Self.number(left))\" y=\"\(Self.number(high))\""
        body += " width=\"\(Self.number(max(right - left, 0.5)))\" height=\"\(Self.number(low - high))\">"
        body += "<title>\(Self.escaped(title))</title></rect>"
    }

    /// A triangle of a height at a point, upwards below it or downwards above it.
    mutating func addMarker(x: Double, y: Double, size: Double, isUp: Bool, style: String, title: String) {
        let px = horizontal.position(x)
        let py = vertical.position(y)
        let step = isUp ? size : -size
        let half = size * 0.45
        let corners = [(px, py + step * 0.15), (px - half, py + step), (px + half, py + step)]
        let text = corners.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
        body +=
            "<polygon class=\"\(style)\" points=\"\(text)\"><title>\(Self.escaped(title))</title></polygon>"
    }

    /// A horizontal line at a value.
    mutating func addLevel(_ value: Double) {
        let y = Self.number(vertical.position(value))
        body += "<line class=\"level\" x1=\"\(Self.number(Self.left))\" y1=\"\(y)\""
        body += " x2=\"\(Self.number(Self.width - Self.right))\" y2=\"\(y)\"/>"
    }

    /// The drawing; `label` says what it shows to those who cannot see it.
    func svg(label: String) -> String {
        "<svg viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(height))\" role=\"img\""
            + " aria-label=\"\(Self.escaped(label))\">\(body)</svg>"
    }

    private func path(_ points: [(x: Double, y: Double)]) -> String {
        points.map { "\(Self.number(horizontal.position($0.x))),\(Self.number(vertical.position($0.y)))" }
            .joined(separator: " ")
    }

    private static func label(x: Double, y: Double, anchor: String, _ text: String) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
    }

    private static func number(_ value: Double) -> String { NumberText.fixed(value, 1) }

    /// Text as HTML and SVG take it.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
