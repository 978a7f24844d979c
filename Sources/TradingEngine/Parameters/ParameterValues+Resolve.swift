extension ParameterValues {
    /// Makes values from text inputs; what is not given keeps its value in `base`, else its default.
    ///
    /// - Throws: all violations at once: unknown names (with the nearest known one), wrong kinds, values out
    ///   of range, names given twice.
    public static func resolve(
        _ declarations: [ParameterDeclaration], from inputs: [(name: String, text: String)],
        base: ParameterValues? = nil
    ) throws(ParameterViolations) -> ParameterValues {
        let names = declarations.map(\.name)
        var values = declarations.map { declaration in
            guard let base, let index = base.names.firstIndex(of: declaration.name),
                declaration.domain.contains(base.values[index])
            else { return declaration.defaultValue }
            return base.values[index]
        }
        var violations = ParameterViolations()
        for (position, input) in inputs.enumerated() {
            guard !inputs[..<position].contains(where: { $0.name == input.name }) else {
                violations.add(input.name, "is given more than once")
                continue
            }
            guard let index = names.firstIndex(of: input.name) else {
                violations.add(input.name, unknownMessage(input.name, known: names))
                continue
            }
            let domain = declarations[index].domain
            guard let value = domain.parse(input.text) else {
                violations.add(input.name, "'\(input.text)' is not a valid \(declarations[index].kind)")
                continue
            }
            guard domain.contains(value) else {
                violations.add(input.name, "\(input.text) is not within \(declarations[index].rangeText)")
                continue
            }
            values[index] = value
        }
        guard violations.isEmpty else { throw violations }
        return ParameterValues(names: names, values: values)
    }

    /// What to say about a name that nobody declared.
    static func unknownMessage(_ name: String, known: [String]) -> String {
        if let nearest = nearestName(to: name, in: known) { return "is unknown, did you mean \(nearest)?" }
        if known.isEmpty { return "is unknown, there are no parameters" }
        return "is unknown, known are \(known.joined(separator: ", "))"
    }

    /// The known name with the fewest edits, when those are at most a third of its length (at least two).
    static func nearestName(to name: String, in known: [String]) -> String? {
        // A long input is no typing error, and the comparison is quadratic.
        guard name.utf8.count <= 64 else { return nil }
        var best: (name: String, edits: Int)?
        for candidate in known {
            let edits = editDistance(Array(name.utf8), Array(candidate.utf8))
            if edits <= max(2, candidate.utf8.count / 3), edits < best?.edits ?? .max {
                best = (candidate, edits)
            }
        }
        return best?.name
    }

    /// Levenshtein distance by one row.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightByte) in right.enumerated() {
                let above = row[rightIndex + 1]
                row[rightIndex + 1] = min(
                    above + 1, row[rightIndex] + 1, diagonal + (leftByte == rightByte ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
