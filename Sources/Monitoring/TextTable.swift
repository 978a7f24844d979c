/// Rows of text in aligned columns, for terminals and logs.
package struct TextTable {
    /// How a column's cells stand in its width.
    package enum Alignment: Sendable { case left, right }

    private let headings: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Makes an empty table; a heading that begins with `>` makes a right-aligned column.
    package init(_ headings: String...) { self.init(headings: headings) }

    /// The same with the headings in an array.
    package init(headings: [String]) {
        alignments = headings.map { $0.hasPrefix(">") ? .right : .left }
        self.headings = headings.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    }

    /// Adds a row; it must have one cell per column.
    package mutating func append(_ cells: String...) { append(cells) }

    /// The same with the cells in an array.
    package mutating func append(_ cells: [String]) {
        precondition(cells.count == headings.count, "a row has one cell per column")
        rows.append(cells)
    }

    /// The table as lines, headings first, without trailing spaces.
    package func rendered() -> String {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { Self.width($0[column]) }.max() ?? 0
        }
        let lines = ([headings] + rows).map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - Self.width(row[column]))
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n")
    }

    private static func width(_ text: String) -> Int { text.count }
}
