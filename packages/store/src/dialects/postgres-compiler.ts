import { ColumnDefinitionNode, type DataTypeNode, PostgresQueryCompiler } from 'kysely'

/**
 * Makes text columns sort and compare by bytes, as SQLite does: otherwise the order of a listing
 * would depend on the locale somebody gave the database.
 */
export class BytewiseCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node)
    const inColumn = this.parentNode !== undefined && ColumnDefinitionNode.is(this.parentNode)
    if (inColumn && node.dataType === 'text') this.append(' collate "C"')
  }
}
