import Testing

@Suite struct SwiftTextTests {
    @Test func functionsAreMeasuredWhateverTheirTextSays() {
        let source = ##"""
            protocol P {
                func requirement() throws
                var value: Int { get }
                init(x: Int)
            }
            struct S: P {
                // func comment() {
                /* { func /* nested { */ still() { */
                let text = "func a() { \(f(")")) {"
                let raw = #"} func b() { \#(1) "#
                func one() { two(closure: { 1 }) }
                func two(
                    closure: () -> Int = { 3 }
                ) -> String {
                    let text = """
                        }}} func c() {
                        """
                    return text
                }
                init(x: Int) {
                    self.init(x: x)
                }
                deinit {
                }
            }
            """##
        let functions = SwiftText(source).functions
        #expect(functions.map(\.name) == ["func one", "func two", "init", "deinit {\n    }"])
        #expect(functions.map(\.line) == [11, 12, 20, 23])
        #expect(functions.map(\.lineCount) == [1, 8, 3, 2])
    }

    @Test func blankedTextKeepsItsPlaces() {
        let text = SwiftText("a \"é{\" // {\nb")
        #expect(String(decoding: text.code, as: UTF8.self) == "a              \nb".replacingBlanks(count: 11))
    }
}

extension String {
    /// This text with its first run of spaces made `count` long.
    fileprivate func replacingBlanks(count: Int) -> String {
        let parts = split(separator: " ")
        return parts[0] + String(repeating: " ", count: count) + parts.dropFirst().joined(separator: " ")
    }
}
