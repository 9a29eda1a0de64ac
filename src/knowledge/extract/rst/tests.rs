use super::{
    super::{BlockKind::*, Limits, tests::outline},
    *,
};

#[test]
fn structure_stays_and_marks_go() {
    let source = "========\n保修手册\n========\n\n:作者: 张三\n\n电池\n----\n\n电池保修\n**八年**，见 `官网 <https://ev.example>`_ 和 :ref:`例外 <ex>`。\n\n\
        - 电池\n- 电机，\n  五年\n\n1. 登记\n2. 提车\n\n命令如下::\n\n    make run\n      test\n\n.. note:: 注意\n\n   事故除外。\n\n\
        .. image:: a.png\n   :alt: x\n\n.. 内部注释\n   不可见\n\n.. code-block:: rust\n   :linenos:\n\n   fn a() {}\n\n\
        ====  ====\n部件  期限\n====  ====\nA     8\nB     5\n====  ====\n\n+---+---+\n| a | b |\n+===+===+\n| c | d |\n|   | e |\n+---+---+\n\n例外 [1]_\n--------\n\n改装除外。\n\n.. [1] 脚注。\n";
    let limits = Limits::default();
    let mut writer = Writer::new(&limits);
    read(&mut writer, source).unwrap();
    let expected = [
        (Heading(1), "保修手册"),
        (ListItem, "- 作者: 张三"),
        (Heading(2), "电池"),
        (
            Paragraph,
            "电池保修八年，见 官网 (https://ev.example) 和 例外。",
        ),
        (ListItem, "- 电池"),
        (ListItem, "- 电机，五年"),
        (ListItem, "1. 登记"),
        (ListItem, "2. 提车"),
        (Paragraph, "命令如下:"),
        (Code, "make run\n  test"),
        (Paragraph, "注意"),
        (Paragraph, "事故除外。"),
        (Code, "fn a() {}"),
        (
            Table,
            "| 部件 | 期限 |\n| --- | --- |\n| A | 8 |\n| B | 5 |",
        ),
        (Table, "| a | b |\n| --- | --- |\n| c | d e |"),
        (Heading(2), "例外 [1]"),
        (Paragraph, "改装除外。"),
        (ListItem, "[1]: 脚注。"),
    ];
    let found = outline(&writer.finish());
    assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
}
